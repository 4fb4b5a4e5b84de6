use std::collections::HashMap;
use std::env;

use crate::Outcome;

pub struct Options {
    pub servers: Vec<String>,
    pub registry: String,
    pub topic: String,
    pub has_framed_keys: bool,
}

impl Options {
    /// `--name value` each.
    pub fn read() -> Outcome<Self> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let given: HashMap<&str, &str> = arguments
            .chunks(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let get = |name: &str| given.get(name).copied().ok_or(format!("{name} is missing"));
        Ok(Self {
            servers: get("--bootstrap-servers")?
                .split(',')
                .map(str::to_owned)
                .collect(),
            registry: get("--schema-registry")?.to_owned(),
            topic: get("--topic")?.to_owned(),
            has_framed_keys: get("--key-format")? == "avro",
        })
    }
}
