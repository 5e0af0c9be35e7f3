import Tensors

/// A whole tensor name in which `{layer}` stands for a decimal layer index: `blk.{layer}.attn_q.weight`.
///
/// A pattern matches whole names only, so that no name is ever changed by replacing a part of it.
public struct NamePattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as the definition spells it.
  public let text: String
  private let prefix: String
  /// What follows the index; nil when the pattern has none.
  private let suffix: String?

  /// A pattern, or nil if `{layer}` occurs more than once or another placeholder occurs.
  public init?(_ text: String) {
    self.text = text
    let parts = text.split(separator: "{layer}", omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts.contains(where: { $0.contains("{") || $0.contains("}") }) else { return nil }
    prefix = String(parts[0])
    suffix = parts.count == 2 ? String(parts[1]) : nil
  }

  /// Whether the tensor occurs once in every layer.
  public var isPerLayer: Bool { suffix != nil }

  /// The name in layer `layer`, which is ignored by a pattern without `{layer}`.
  public func name(layer: Int?) -> TensorName {
    guard let suffix else { return TensorName(prefix) }
    return TensorName("\(prefix)\(layer ?? 0)\(suffix)")
  }

  /// The part before the layer index, or the whole name: what a name is looked up by.
  var head: String { prefix }

  /// A match of a name.
  public struct Match: Hashable, Sendable {
    /// The layer index; nil for a pattern without one.
    public let layer: Int?
  }

  /// How `name` matches; nil if it does not. Indices have no sign and no leading zero.
  public func match(_ name: TensorName) -> Match? {
    guard let suffix else { return name.text.utf8.elementsEqual(prefix.utf8) ? Match(layer: nil) : nil }
    let bytes = name.text.utf8
    guard bytes.count > prefix.utf8.count + suffix.utf8.count, bytes.starts(with: prefix.utf8) else { return nil }
    let rest = bytes.dropFirst(prefix.utf8.count)
    let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard !digits.isEmpty, digits.count <= 6, digits.first != 0x30 || digits.count == 1,
      rest.dropFirst(digits.count).elementsEqual(suffix.utf8)
    else { return nil }
    return Match(layer: digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
  }

  public var description: String { text }
}
