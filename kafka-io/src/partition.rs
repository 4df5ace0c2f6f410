//! Which partition a key belongs to.

/// Partition of `key` among `partitions`: the same as Kafka's own Java producer chooses, so that records which others
/// write by key meet ours.
#[must_use]
pub fn partition_of(key: &str, partitions: i32) -> i32 {
    let positive = murmur2(key.as_bytes()) & 0x7fff_ffff;
    i32::try_from(positive).unwrap_or(0) % partitions.max(1)
}

/// MurmurHash2, 32 bit, with the seed that Kafka uses.
fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let mix = |word: u32| {
        let word = word.wrapping_mul(M);
        (word ^ (word >> 24)).wrapping_mul(M)
    };
    // Kafka hashes the length as an int, too.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        hash = hash.wrapping_mul(M) ^ mix(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_kafkas() {
        // Values of the test of Kafka's own implementation.
        assert_eq!(murmur2(b"21").cast_signed(), -973_932_308);
        assert_eq!(murmur2(b"foobar").cast_signed(), -790_332_482);
        assert_eq!(
            murmur2(b"a-little-bit-long-string").cast_signed(),
            -985_981_536
        );
        assert_eq!(
            murmur2(b"a-little-bit-longer-string").cast_signed(),
            -1_486_304_829
        );
    }

    proptest::proptest! {
        #[test]
        fn every_key_has_one_partition_and_it_exists(key: String, partitions in 1..500_i32) {
            let partition = partition_of(&key, partitions);
            assert!((0..partitions).contains(&partition), "{partition}");
            assert_eq!(partition, partition_of(&key, partitions));
        }
    }
}
