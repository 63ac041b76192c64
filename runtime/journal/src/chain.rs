//! The chain: a Merkle root over each batch of headers, and batches that name the one before.
//!
//! The tree is that of RFC 6962 §2.1 with SHA-256: a leaf is hashed behind a 0x00, a node behind a 0x01, so that no
//! node can be passed off as a leaf. Whoever keeps a [`Head`] can later say that nothing before it was altered,
//! shortened or thinned out.

use dragoman_model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::error::Error;

/// The hash of a leaf: of the canonical text of a header.
pub fn leaf(text: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], text])
}

fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], &left.0, &right.0])
}

/// The largest power of two below `count`; `count` is at least 2.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

/// The Merkle root over leaf hashes, in order. Without any leaf it is the digest of nothing.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The proof that the leaf at `index` is under [`root`]: the hashes beside its way up, lowest first; none where there
/// is no such leaf.
pub fn inclusion(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, beside) = if index < left.len() {
        (inclusion(left, index)?, root(right))
    } else {
        (inclusion(right, index - left.len())?, root(left))
    };
    proof.push(beside);
    Some(proof)
}

/// Whether `proof` shows that `leaf` is at `index` among `count` leaves under `root`.
pub fn includes(root: &Digest, leaf: &Digest, index: usize, count: usize, proof: &[Digest]) -> bool {
    fn up(leaf: &Digest, index: usize, count: usize, proof: &[Digest]) -> Option<Digest> {
        if count == 1 {
            return proof.is_empty().then_some(*leaf);
        }
        let (beside, below) = proof.split_last()?;
        let left = split(count);
        if index < left {
            Some(node(&up(leaf, index, left, below)?, beside))
        } else {
            Some(node(beside, &up(leaf, index - left, count - left, below)?))
        }
    }
    index < count && up(leaf, index, count, proof).as_ref() == Some(root)
}

/// What one commit added to the trail. Its canonical text is what the next batch's `previous` is the digest of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// [`crate::FORMAT`] at the time of writing.
    pub format: u16,
    /// Who wrote it: the store's writer id. Each writer has a chain of its own.
    pub writer: String,
    /// From 1, without gaps.
    pub number: u64,
    /// [`Batch::digest`] of the batch before; of nothing for the first.
    pub previous: Digest,
    /// The position of its first entry.
    pub first_position: u64,
    /// How many entries; at least 1.
    pub count: u64,
    /// The Merkle root over their headers.
    pub root: Digest,
    /// When it was written.
    pub at: Timestamp,
}

impl Batch {
    /// Its canonical text.
    ///
    /// # Errors
    /// Never in practice; see [`canonical::text`].
    pub fn text(&self) -> Result<String, Error> {
        canonical::text(self)
    }

    /// The digest of its canonical text.
    ///
    /// # Errors
    /// As [`Batch::text`].
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(self.text()?.as_bytes()))
    }

    /// The position behind its last entry.
    pub fn end(&self) -> u64 {
        self.first_position.saturating_add(self.count)
    }

    /// What `previous` is in the first batch.
    pub fn origin() -> Digest {
        Digest::of(b"")
    }
}

/// The end of a writer's chain at some time, to be kept at an outside place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The writer.
    pub writer: String,
    /// The number of its last batch; 0 where there is none.
    pub number: u64,
    /// The digest of that batch.
    pub batch: Digest,
    /// Entries in the whole trail up to it.
    pub entries: u64,
    /// When the head was taken.
    pub at: Timestamp,
    /// Over [`Head::signed_text`], in base64; empty where it is not signed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signature: String,
    /// The id of the key it was signed with; empty where it is not signed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl Head {
    /// The text that is signed: the head without its signature, in canonical form.
    ///
    /// # Errors
    /// Never in practice; see [`canonical::text`].
    pub fn signed_text(&self) -> Result<String, Error> {
        canonical::text(&Head {
            signature: String::new(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count).map(|i| leaf(i.to_string().as_bytes())).collect()
    }

    /// The test vectors of RFC 6962's reference implementation (certificate-transparency, merkle_tree_test).
    #[test]
    fn the_root_is_that_of_rfc_6962() {
        let inputs: [&[u8]; 3] = [b"", b"\x00", b"\x10"];
        let leaves: Vec<Digest> = inputs.iter().map(|i| leaf(i)).collect();
        let hex = |count: usize| root(&leaves[..count]).hex();
        assert_eq!(
            hex(0),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(1),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(2),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            hex(3),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
    }

    proptest! {
        #[test]
        fn an_inclusion_proof_holds_for_its_leaf_only(count in 1usize..70, index in 0usize..70, other in 0usize..70) {
            let leaves = leaves(count);
            let index = index % count;
            let root = root(&leaves);
            let proof = inclusion(&leaves, index).unwrap();
            prop_assert!(includes(&root, &leaves[index], index, count, &proof));
            if other % count != index {
                prop_assert!(!includes(&root, &leaves[other % count], index, count, &proof));
                prop_assert!(!includes(&root, &leaves[index], other % count, count, &proof));
            }
            prop_assert!(!includes(&root, &leaves[index], index, count, &[proof, vec![root]].concat()));
        }
    }
}
