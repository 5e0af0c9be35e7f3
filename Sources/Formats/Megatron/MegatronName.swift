/// The name of a tensor of a stage.
struct MegatronName: Hashable {
  /// The words of names that no layer has: states of FP8 training, and what follows from the RoPE base.
  private static let ignoredEnds: Set<Substring> = ["_extra_state", "inv_freq"]

  /// The words, as the later ones of two programs have them.
  private var words: [Substring]
  /// The index of the word with the layer's number.
  private let layerIndex: Int?

  /// The name of a tensor that is stored as `text`; nil for one that is not part of the model.
  init?(_ text: String) {
    var words = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = words.last, !Self.ignoredEnds.contains(last) else { return nil }
    if words.first == "language_model" { words.removeFirst() }
    // As `load_state_dict` of Megatron's language model renames what its first versions saved.
    if words.first == "transformer" { words[0] = "encoder" }
    words = words.map { $0 == "attention" ? "self_attention" : $0 }
    // The copy of a tied embedding in the last stage.
    if words.first == "word_embeddings_for_head" { words[0] = "output_layer" }
    self.words = words
    layerIndex = words.firstIndex(of: "layers").map { $0 + 1 }.flatMap { index in
      index < words.count && words[index].utf8.count < 7 && Int(words[index]) ?? -1 >= 0 ? index : nil
    }
  }

  /// The layer, counted from the first of the stage.
  var layer: Int? { layerIndex.flatMap { Int(words[$0]) } }

  /// The text with the layer counted from one that is `offset` before.
  func text(addingLayers offset: Int) -> String {
    guard let layerIndex, let layer else { return words.joined(separator: ".") }
    var words = words
    words[layerIndex] = "\(layer + offset)"
    return words.joined(separator: ".")
  }
}
