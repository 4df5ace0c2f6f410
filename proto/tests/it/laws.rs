//! Laws that hold for any record.

use proptest::prelude::*;
use streamwarden_proto::record::{FeatureEvent, Record};
use streamwarden_proto::v1;

proptest! {
    #[test]
    fn a_feature_record_survives_the_wire_bit_by_bit(
        values in proptest::collection::vec(any::<f32>(), 0..200),
        window_end_ms in 0_i64..4_000_000_000_000,
        name in ".{0,40}",
    ) {
        let record = v1::FeatureRecord {
            cluster_id: "c".into(),
            job_name: name,
            window_end_ms,
            values: values.clone(),
            ..Default::default()
        };
        let event = FeatureEvent::Features(record);
        let back = FeatureEvent::decode_payload("features", &event.encode_payload()).unwrap();
        let FeatureEvent::Features(back) = back else { panic!("another kind came back") };
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&back.values), bits(&values));
        prop_assert_eq!(back.window_end_ms, window_end_ms);
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for kind in ["features", "error", "context", "nonsense"] {
            let _ = FeatureEvent::decode_payload(kind, &bytes);
        }
        let _ = v1::Observation::decode_payload("metrics", &bytes);
    }
}
