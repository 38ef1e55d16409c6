//! What the user wants: from the texts of a project to the graph of wanted objects.
//!
//! | room | noun |
//! |---|---|
//! | [`yaml`] | the YAML reader: a text becomes nodes with places |

pub mod yaml;
