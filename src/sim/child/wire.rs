//! Messages between a parent and its child: JSON in one line, behind its length.
//!
//! Lengths are checked on both sides before anything is read, so that neither can make the other
//! hold more than a message.

use std::io::{self, Read, Write};

use crate::sim::job::{Answer, Fault, FaultKind, Job};

/// The longest message, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// What a child says when its limits are set and it waits for jobs.
pub const READY: &[u8] = b"\"ready\"";

/// What a child says that cannot limit itself, before it ends.
pub const UNLIMITED: &[u8] = b"\"unlimited\"";

/// A job as a message.
pub fn job(job: &Job) -> Result<Vec<u8>, Fault> {
    let broken = |why: String| Fault::new(FaultKind::Limit, why);
    let message = serde_json::to_vec(job)
        .map_err(|_| broken("the job cannot be given to an engine".to_owned()))?;
    if message.len() > LONGEST {
        return Err(broken(format!(
            "the input of {} bytes is too large; {LONGEST} are allowed",
            message.len()
        )));
    }
    Ok(message)
}

/// An answer as a message.
pub fn answer(answer: &Result<Answer, Fault>) -> Vec<u8> {
    let fault = |message: &str| {
        let fault: Result<Answer, Fault> = Err(Fault::new(FaultKind::Limit, message));
        serde_json::to_vec(&fault).unwrap_or_default()
    };
    match serde_json::to_vec(answer) {
        Ok(message) if message.len() <= LONGEST => message,
        Ok(_) => fault("the output is too large"),
        Err(_) => fault("the output cannot be given back"),
    }
}

/// What a message answers; `None` when it is no answer.
pub fn read_answer(message: &[u8]) -> Option<Result<Answer, Fault>> {
    serde_json::from_slice(message).ok()
}

/// What a message asks.
pub fn read_job(message: &[u8]) -> Result<Job, Fault> {
    let broken = "the input is nested too deep, or it is none";
    serde_json::from_slice(message).map_err(|_| Fault::new(FaultKind::Limit, broken))
}

/// Writes a message.
pub fn write(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    to.write_all(format!("{} ", message.len()).as_bytes())?;
    to.write_all(message)?;
    to.write_all(b"\n")?;
    to.flush()
}

/// Reads a message; `None` at the end.
pub fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = 0usize;
    let mut digits = 0;
    loop {
        let mut byte = [0];
        match from.read(&mut byte) {
            Ok(0) if digits == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match byte[0] {
            digit @ b'0'..=b'9' if digits < 9 => {
                length = length * 10 + usize::from(digit - b'0');
                digits += 1;
            }
            b' ' if digits > 0 => break,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length + 1];
    from.read_exact(&mut message)?;
    match message.pop() {
        Some(b'\n') => Ok(Some(message)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
