//! Reads the events by a Kafka client and an Avro library of Rust. Prints one line for each, as
//! event_lines.py says.

mod decoder;
mod options;

use std::error::Error;
use std::time::Duration;

use decoder::{Decoder, Order};
use options::Options;
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::record::Record;

type Outcome<Value> = Result<Value, Box<dyn Error>>;

const WAIT: Duration = Duration::from_secs(60);
const FETCH_BYTES: std::ops::Range<i32> = 1..8_000_000;
const FETCH_WAIT_MS: i32 = 1_000;

const ATTRIBUTES: [&str; 7] = [
    "id",
    "source",
    "type",
    "subject",
    "time",
    "sequence",
    "datacontenttype",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    tokio::time::timeout(WAIT, read(Options::read()?)).await?
}

async fn read(options: Options) -> Outcome<()> {
    let mut decoder = Decoder::new(&options.registry);
    let client = ClientBuilder::new(options.servers.clone()).build().await?;
    let topics = client.list_topics().await?;
    let topic = topics
        .iter()
        .find(|topic| topic.name == options.topic)
        .ok_or("no such topic")?;
    for &partition in &topic.partitions {
        let reader = client
            .partition_client(&topic.name, partition, UnknownTopicHandling::Error)
            .await?;
        read_partition(&reader, partition, &mut decoder, options.has_framed_keys).await?;
    }
    Ok(())
}

async fn read_partition(
    reader: &PartitionClient,
    partition: i32,
    decoder: &mut Decoder,
    has_framed_keys: bool,
) -> Outcome<()> {
    let end = reader.get_offset(OffsetAt::Latest).await?;
    let mut next = reader.get_offset(OffsetAt::Earliest).await?;
    while next < end {
        let (records, _) = reader
            .fetch_records(next, FETCH_BYTES, FETCH_WAIT_MS)
            .await?;
        for entry in records {
            next = entry.offset + 1;
            // Events of the replaced service have no headers.
            if !entry.record.headers.is_empty() {
                let line = line_of(&entry.record, decoder, has_framed_keys)?;
                println!("{partition} {} {line}", entry.offset);
            }
        }
    }
    Ok(())
}

fn line_of(record: &Record, decoder: &mut Decoder, has_framed_keys: bool) -> Outcome<String> {
    let key_bytes = record.key.as_deref().ok_or("no key")?;
    let key: String = if has_framed_keys {
        decoder.decode(key_bytes)?
    } else {
        String::from_utf8(key_bytes.to_vec())?
    };
    let order: Order = decoder.decode(record.value.as_deref().ok_or("no value")?)?;
    let mut columns = vec![hex_of(&key)];
    for name in ATTRIBUTES {
        let attribute = attribute_of(record, name)?;
        columns.push(if name == "subject" {
            hex_of(&attribute)
        } else {
            attribute
        });
    }
    columns.extend([hex_of(&order.order_id), hex_of(&order.customer_id)]);
    columns.extend([
        order.order_date,
        order.currency,
        order.status,
        bits_of(order.total_amount),
    ]);
    let items: Vec<String> = order
        .items
        .iter()
        .map(|item| {
            format!(
                "{}/{}/{}",
                hex_of(&item.item_id),
                item.quantity,
                bits_of(item.price)
            )
        })
        .collect();
    columns.push(items.join(","));
    Ok(columns.join(" "))
}

fn attribute_of(record: &Record, name: &str) -> Outcome<String> {
    let header = match name {
        "datacontenttype" => "content-type".to_owned(),
        _ => format!("ce_{name}"),
    };
    let value = record
        .headers
        .get(&header)
        .ok_or_else(|| format!("there is no {header}"))?;
    Ok(String::from_utf8(value.clone())?)
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn bits_of(amount: f64) -> String {
    format!("{:016x}", amount.to_bits())
}
