//! Bytes in the wire format, by the schema that they name.

use std::collections::HashMap;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::{Schema, from_value};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Outcome;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub item_id: String,
    pub quantity: i32,
    pub price: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: String,
    pub customer_id: String,
    pub order_date: String,
    pub items: Vec<Item>,
    pub total_amount: f64,
    pub currency: String,
    pub status: String,
}

/// The answer of the registry.
#[derive(Deserialize)]
struct Found {
    schema: String,
}

pub struct Decoder {
    registry: String,
    schemas: HashMap<u32, Schema>,
}

impl Decoder {
    pub fn new(registry: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            schemas: HashMap::new(),
        }
    }

    pub fn decode<Value: DeserializeOwned>(&mut self, framed: &[u8]) -> Outcome<Value> {
        let (frame, mut content) = framed.split_at_checked(5).ok_or("too short for a frame")?;
        let id = u32::from_be_bytes(frame[1..].try_into()?);
        if !self.schemas.contains_key(&id) {
            let url = format!("{}/schemas/ids/{id}", self.registry);
            let found: Found = ureq::get(&url).call()?.body_mut().read_json()?;
            self.schemas.insert(id, Schema::parse_str(&found.schema)?);
        }
        let schema = &self.schemas[&id];
        let value = GenericDatumReader::builder(schema)
            .build()?
            .read_value(&mut content)?;
        Ok(from_value(&value)?)
    }
}
