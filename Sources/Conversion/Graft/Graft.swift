import Architectures
import Bytes
import Models

/// Tensors of another file of the same model that a conversion puts in the place of those of its source, or adds to them.
public struct Graft: Sendable {
  /// The path of the model that has them.
  public var source: String
  /// Patterns of their names in that model or in the output.
  public var patterns: [Glob]
  /// Their storage format; automatic keeps that of the other model, as far as the output has it.
  public var type: ConversionRequest.TypeChoice = .automatic

  public init(_ source: String, patterns: [Glob]) {
    self.source = source
    self.patterns = patterns
  }
}

/// The tensors that a graft adds and replaces.
public struct GraftReport: Sendable {
  /// A tensor of the other model.
  public struct Tensor: Sendable {
    public let name: String
    public let byteCount: Int
    /// The names of the tensors that it replaces; none if it is added.
    public let replaced: [String]
  }

  /// The path of the other model.
  public let source: String
  public let tensors: [Tensor]

  public var added: [Tensor] { tensors.filter(\.replaced.isEmpty) }
  public var replacing: [Tensor] { tensors.filter { !$0.replaced.isEmpty } }

  /// The graft, as documented in `docs/json.md`.
  var json: JSON {
    .members([
      "source": .string(source),
      "added": .array(added.map { .string($0.name) }), "replaced": .array(replacing.map { .string($0.name) }),
      "added_bytes": .integer(added.byteCount), "replaced_bytes": .integer(replacing.byteCount),
    ])
  }
}

extension [GraftReport.Tensor] {
  /// `12 tensors, 24.3 KiB (first: "blk.4.attn_norm.weight")`.
  public var words: String {
    let first = first.map { " (first: \($0.name.quoted))" } ?? ""
    return "\(counted(count, "tensor")), \(byteCount.byteSize)\(first)"
  }

  fileprivate var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
}
