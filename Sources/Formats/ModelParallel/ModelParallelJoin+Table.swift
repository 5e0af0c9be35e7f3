/// How the parts of a tensor in model-parallel shards make the whole.
enum ModelParallelJoin: Hashable, Sendable {
  /// Each shard has some of the rows, in the order of the shards.
  case rows
  /// Each shard has some of the columns of every row.
  case columns
  /// Rows or columns, as the width of the parts shows: LLaMA 1 and 2 split the embedding by columns, LLaMA 3 by rows.
  case rowsOrColumns
  /// Each shard has the whole tensor.
  case replicated
  /// Each shard has the angles of RoPE, which programs compute from its base.
  case leftOut

  // The table: ends of names, as `model.py` of facebookresearch/llama and meta-llama/llama3 builds the layers.
  // ColumnParallelLinear splits the outputs, which are rows; RowParallelLinear the inputs, which are columns.

  private static let byName: KeyValuePairs<String, ModelParallelJoin> = [
    "attention.wq.weight": .rows, "attention.wk.weight": .rows, "attention.wv.weight": .rows,
    "attention.wo.weight": .columns,
    "feed_forward.w1.weight": .rows, "feed_forward.w3.weight": .rows, "feed_forward.w2.weight": .columns,
    "output.weight": .rows, "tok_embeddings.weight": .rowsOrColumns,
    "attention_norm.weight": .replicated, "ffn_norm.weight": .replicated, "norm.weight": .replicated,
    "rope.freqs": .leftOut,
  ]

  /// The rule for the tensor of this name; nil if there is none.
  init?(_ name: String) {
    let rule = Self.byName.first { end, _ in name == end || name.hasSuffix("." + end) }
    guard let rule else { return nil }
    self = rule.value
  }
}
