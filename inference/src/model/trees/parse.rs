//! From the attributes of `TreeEnsembleRegressor` or `TreeEnsembleClassifier` to trees.

use std::collections::BTreeMap;

use prost::Message;
use streamwarden_experience::models::onnx_file::{Graph, Model, Node};

use super::{Tree, TreeEnsemble, TreeNode, value_of};
use crate::model::ModelError;

/// Says what is wrong with the file; the caller adds which file it is.
type Reason = String;

impl TreeEnsemble {
    /// Reads the trees of an ONNX file.
    ///
    /// # Errors
    /// [`ModelError::NotATreeEnsemble`] if the file is damaged, holds no tree ensemble, or one with splits other than
    /// `<=`.
    pub fn parse(model: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        read(bytes).map_err(|reason| ModelError::NotATreeEnsemble {
            model: model.to_owned(),
            reason,
        })
    }
}

fn read(bytes: &[u8]) -> Result<TreeEnsemble, Reason> {
    let file = Model::decode(bytes).map_err(|error| error.to_string())?;
    let graph = file.graph.as_ref().ok_or("it has no graph")?;
    let node = graph
        .nodes
        .iter()
        .find(|node| node.op_type.starts_with("TreeEnsemble"))
        .ok_or("its graph has no TreeEnsemble operator")?;
    let labels = file
        .property("labels")
        .ok_or("its metadata name no labels")?;
    let labels: Vec<String> = serde_json::from_str(labels).map_err(|error| error.to_string())?;
    let mut base = node.floats("base_values").to_vec();
    base.resize(labels.len(), 0.0);
    let mut trees = nodes(node)?;
    add_scores(node, labels.len(), &mut trees)?;
    let trees = trees.into_values().map(finish).collect::<Result<_, _>>()?;
    Ok(TreeEnsemble {
        trees,
        base,
        inverse_temperature: inverse_temperature(graph),
        labels,
        fingerprint: file.property("fingerprint").unwrap_or_default().to_owned(),
        version: file.property("version").unwrap_or_default().to_owned(),
    })
}

fn inverse_temperature(graph: &Graph) -> f32 {
    let constant = graph
        .initializers
        .iter()
        .find(|tensor| tensor.name == "inverse_temperature");
    let Some(constant) = constant else { return 1.0 };
    let raw = constant
        .raw
        .first_chunk::<4>()
        .map(|bytes| f32::from_le_bytes(*bytes));
    raw.or_else(|| constant.floats.first().copied())
        .unwrap_or(1.0)
}

/// Trees by id, their nodes in the order of the file, which must be 0, 1, 2 ... within each tree.
fn nodes(node: &Node) -> Result<BTreeMap<i64, Vec<TreeNode>>, Reason> {
    let tree_ids = node.ints("nodes_treeids");
    let node_ids = node.ints("nodes_nodeids");
    let mut trees: BTreeMap<i64, Vec<TreeNode>> = BTreeMap::new();
    for (at, tree_id) in tree_ids.iter().enumerate() {
        let tree = trees.entry(*tree_id).or_default();
        if node_ids.get(at) != i64::try_from(tree.len()).ok().as_ref() {
            return Err(format!(
                "nodes of tree {tree_id} are not numbered in their order"
            ));
        }
        tree.push(one_node(node, at)?);
    }
    Ok(trees)
}

fn one_node(node: &Node, at: usize) -> Result<TreeNode, Reason> {
    let mode = node
        .texts("nodes_modes")
        .get(at)
        .ok_or("nodes_modes is too short")?;
    let leaf = match mode.as_slice() {
        b"LEAF" => true,
        b"BRANCH_LEQ" => false,
        other => {
            return Err(format!(
                "a split of kind {} is not supported",
                String::from_utf8_lossy(other)
            ));
        }
    };
    Ok(TreeNode {
        feature: whole(node, "nodes_featureids", at)?,
        threshold: *node
            .floats("nodes_values")
            .get(at)
            .ok_or("nodes_values is too short")?,
        yes: whole(node, "nodes_truenodeids", at)?,
        no: whole(node, "nodes_falsenodeids", at)?,
        missing_yes: node.ints("nodes_missing_value_tracks_true").get(at) == Some(&1),
        leaf,
        cover: *node
            .floats("nodes_hitrates")
            .get(at)
            .ok_or("nodes_hitrates, the cover of each node, is missing")?,
        scores: Vec::new(),
        expected: Vec::new(),
    })
}

fn whole(node: &Node, name: &'static str, at: usize) -> Result<usize, Reason> {
    let value = node
        .ints(name)
        .get(at)
        .ok_or_else(|| format!("{name} is too short"))?;
    usize::try_from(*value).map_err(|_| format!("{name} holds {value}"))
}

/// A regressor calls its outputs targets, a classifier classes.
fn add_scores(
    node: &Node,
    class_count: usize,
    trees: &mut BTreeMap<i64, Vec<TreeNode>>,
) -> Result<(), Reason> {
    let prefix = if node.ints("target_treeids").is_empty() {
        "class"
    } else {
        "target"
    };
    let tree_ids = node.ints(&format!("{prefix}_treeids"));
    let node_ids = node.ints(&format!("{prefix}_nodeids"));
    let classes = node.ints(&format!("{prefix}_ids"));
    let weights = node.floats(&format!("{prefix}_weights"));
    for (((tree, leaf), class), weight) in tree_ids.iter().zip(node_ids).zip(classes).zip(weights) {
        let class = usize::try_from(*class)
            .ok()
            .filter(|class| *class < class_count);
        let class = class.ok_or("a leaf speaks for a class without a label")?;
        let leaf = usize::try_from(*leaf)
            .ok()
            .and_then(|leaf| trees.get_mut(tree)?.get_mut(leaf));
        let leaf = leaf.ok_or("a score belongs to a leaf that does not exist")?;
        leaf.scores.push((class, *weight));
    }
    Ok(())
}

/// Checks the links and computes the expected scores, children first: a child always has a higher number.
fn finish(mut nodes: Vec<TreeNode>) -> Result<Tree, Reason> {
    for at in (0..nodes.len()).rev() {
        let node = &nodes[at];
        if node.leaf {
            nodes[at].expected = nodes[at].scores.clone();
            continue;
        }
        let (yes, no) = (node.yes, node.no);
        if yes <= at || no <= at || yes >= nodes.len() || no >= nodes.len() {
            return Err("a node's children do not follow it".to_owned());
        }
        nodes[at].expected = blend(&nodes[yes], &nodes[no]);
    }
    let classes = nodes
        .first()
        .map(|root| root.expected.iter().map(|(class, _)| *class).collect())
        .ok_or("a tree has no nodes")?;
    Ok(Tree { nodes, classes })
}

fn blend(yes: &TreeNode, no: &TreeNode) -> Vec<(usize, f32)> {
    let cover = yes.cover + no.cover;
    let share = if cover > 0.0 { yes.cover / cover } else { 0.5 };
    let mut classes: Vec<usize> = yes
        .expected
        .iter()
        .chain(&no.expected)
        .map(|(class, _)| *class)
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let mean = |class| {
        let (left, right) = (
            value_of(&yes.expected, class),
            value_of(&no.expected, class),
        );
        (class, right + share * (left - right))
    };
    classes.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_refused_with_the_models_name() {
        let error = TreeEnsemble::parse("vertex", b"PK\x03\x04not onnx").unwrap_err();
        assert!(
            error.to_string().starts_with("model vertex: model.onnx"),
            "{error}"
        );
    }

    #[test]
    fn a_graph_without_trees_is_refused() {
        let file = Model {
            graph: Some(Graph::default()),
            metadata: Vec::new(),
        };
        let error = TreeEnsemble::parse("job", &file.encode_to_vec()).unwrap_err();
        assert!(
            error.to_string().contains("no TreeEnsemble operator"),
            "{error}"
        );
    }
}
