import Bytes
import Tensors

extension HyperparameterRule {
  /// Hyperparameters of which 0 makes no model; some tools write it for a value that they do not state.
  static let positiveNames: Set<String> = [
    "layer_count", "embedding_length", "head_count", "key_value_head_count", "head_dimension", "vocabulary_size",
  ]

  /// A list of fixed length is one of a few numbers.
  static let greatestLength = 1024

  /// Returns the value that a member of config.json or params.json states.
  ///
  /// A list of equal elements, one for each layer, states a single value as that element.
  func value(_ stated: JSON, key: String) throws(HyperparameterError) -> HyperparameterValue {
    if countsElements, let elements = stated.array { return .integer(elements.count) }
    var found = HyperparameterValue(stated, rule: self)
    if found == nil, mayDifferByLayer, let list = HyperparameterValue(stated, kind: kind, isList: true) { found = list }
    if found == nil { found = try value(ofEqual: stated.array?.map { HyperparameterValue($0, rule: self) }, key: key) }
    if found == nil, let (index, word) = unknownWord(in: stated) {
      throw .unknownWord(key: key, index: index, word: word, known: enumValues.map(\.word))
    }
    guard let found else { throw .wrongKind(key: key, expected: wording, found: stated.kindName) }
    guard !found.containsZero || !Self.positiveNames.contains(name) else { throw .zero(key: key) }
    if let real = found.number, !real.isFinite {
      throw .wrongKind(key: key, expected: "a finite number", found: stated.text(.compact))
    }
    if let length, case .list(let values) = found {
      let zeros = [HyperparameterValue](repeating: .integer(0), count: max(0, length - values.count))
      return .list(Array(values.prefix(length)) + zeros)
    }
    return found
  }

  /// The word, or the first one of a list, that is none of those that the rule knows, if it knows some.
  private func unknownWord(in stated: JSON) -> (index: Int?, word: String)? {
    let words = Set(enumValues.map(\.word))
    guard !words.isEmpty else { return nil }
    if let word = stated.string { return words.contains(word) ? nil : (nil, word) }
    guard isList, let elements = stated.array else { return nil }
    return elements.enumerated().lazy.compactMap { index, element in element.string.map { (index, $0) } }
      .first { !words.contains($0.1) }.map { ($0, $1) }
  }

  /// Returns the value that a key of a GGUF states; a list of equal elements as in `value(_:key:)` of JSON.
  func value(_ stated: MetadataValue, key: String) throws(HyperparameterError) -> HyperparameterValue {
    if let value = HyperparameterValue(stated, kind: kind, isList: isList) { return value }
    if mayDifferByLayer, let list = HyperparameterValue(stated, kind: kind, isList: true) { return list }
    if let value = try value(ofEqual: stated.elements?.map { HyperparameterValue($0, kind: kind) }, key: key) {
      return value
    }
    throw .wrongKind(key: key, expected: wording, found: stated.display())
  }

  /// Returns what elements state for all layers; nil if they are not values of a single number or flag.
  private func value(
    ofEqual elements: [HyperparameterValue?]?, key: String
  ) throws(HyperparameterError) -> HyperparameterValue? {
    guard !isList, kind != .string, let elements, !elements.contains(nil) else { return nil }
    let values = elements.compactMap(\.self)
    guard let first = values.first else { return nil }
    guard values.allSatisfy({ $0 == first }) else {
      throw .differsByLayer(key: key, values: values.prefix(4).map(\.description), count: values.count)
    }
    return first
  }
}

extension HyperparameterValue {
  /// Whether it, or an element of it, is the number 0.
  fileprivate var containsZero: Bool {
    if case .list(let values) = self { values.contains(.integer(0)) } else { self == .integer(0) }
  }
}
