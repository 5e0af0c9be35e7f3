/// How the parts of a tensor in tensor-parallel ranks make the whole.
enum MegatronJoin: Hashable, Sendable {
  /// Each rank has some of the query groups: rows of queries, keys and values, group by group.
  case queryKeyValue
  /// Each rank has some rows of the gate, then the same of what it is multiplied with. The whole has all rows of the gate first.
  case gatedRows
  /// Each rank has some of the columns of every row.
  case columns
  /// Each rank has some of the rows, of which the last are padding.
  case vocabulary
  /// Each rank has the whole tensor.
  case replicated

  // The table: ends of names, those of Megatron Core (`tools/checkpoint/schema_core.py`) and of the older "language_model".
  // ColumnParallelLinear splits the outputs, which are rows; RowParallelLinear the inputs, which are columns, and not the bias.

  private static let byName: KeyValuePairs<String, MegatronJoin> = [
    "linear_qkv.weight": .queryKeyValue, "linear_qkv.bias": .queryKeyValue,
    "query_key_value.weight": .queryKeyValue, "query_key_value.bias": .queryKeyValue,
    "linear_fc1.weight": .gatedRows, "linear_fc1.bias": .gatedRows,
    "dense_h_to_4h.weight": .gatedRows, "dense_h_to_4h.bias": .gatedRows,
    "linear_proj.weight": .columns, "self_attention.dense.weight": .columns,
    "linear_fc2.weight": .columns, "dense_4h_to_h.weight": .columns,
    "linear_proj.bias": .replicated, "self_attention.dense.bias": .replicated,
    "linear_fc2.bias": .replicated, "dense_4h_to_h.bias": .replicated,
    "word_embeddings.weight": .vocabulary, "output_layer.weight": .vocabulary,
    "layer_norm_weight": .replicated, "input_layernorm.weight": .replicated, "pre_mlp_layernorm.weight": .replicated,
    "post_attention_layernorm.weight": .replicated, "final_layernorm.weight": .replicated,
  ]

  /// The rows of the whole that a rank has, in the order of its part.
  ///
  /// - Parameter rows: the rows of each part.
  func rows(ofRank rank: Int, of rankCount: Int, partRowCount rows: Int) -> [Range<Int>] {
    func share(_ index: Int, _ count: Int) -> Range<Int> { index * count..<(index + 1) * count }
    return switch self {
    case .gatedRows: (0..<2).map { share($0 * rankCount + rank, rows / 2) }
    case .queryKeyValue, .vocabulary: [share(rank, rows)]
    case .columns, .replicated: [0..<rows]
    }
  }

  /// The rule for the tensor of this name; nil if there is none.
  init?(_ name: String) {
    let rule = Self.byName.first { end, _ in name.hasSuffix("." + end) || name == end }
    guard let rule else { return nil }
    self = rule.value
  }
}
