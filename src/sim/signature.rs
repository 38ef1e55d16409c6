//! Signatures: Spacelift's `X-Signature` and `X-Signature-256` (SA section 11), Port's
//! `x-port-signature` (PA section 3).
