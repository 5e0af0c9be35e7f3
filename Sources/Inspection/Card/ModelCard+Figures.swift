import Bytes
import Tensors

extension ModelCard {
  /// The figures of a candidate in a comparison (`ingot.compare/1`).
  public struct Figures: Sendable, Hashable {
    /// Mean KL divergence in nats with its standard error, and the 99th percentile; nil for encoders.
    public let divergence: Double?, divergenceError: Double?, divergenceP99: Double?
    /// The share of positions with the same most probable token; nil for encoders.
    public let topOneAgreement: Double?
    public let perplexity: Double?, perplexityError: Double?
    public let perplexityRatio: Double?, perplexityRatioError: Double?
    /// The grade in words.
    public let quality: String?
    /// The SHA-256 of the files that were measured.
    let digests: Set<String>

    init?(_ json: JSON) {
      digests = ModelCard.digests(json["files"])
      guard !digests.isEmpty else { return nil }
      divergence = json["kl"]?["mean"]?.real
      divergenceError = json["kl"]?["standard_error"]?.real
      divergenceP99 = json["kl"]?["p99"]?.real
      topOneAgreement = json["top1"]?.real
      perplexity = json["perplexity"]?["candidate"]?["value"]?.real
      perplexityError = json["perplexity"]?["candidate"]?["standard_error"]?.real
      perplexityRatio = json["perplexity"]?["ratio"]?["value"]?.real
      perplexityRatioError = json["perplexity"]?["ratio"]?["standard_error"]?.real
      // `good: mean KL divergence …`
      quality = json["quality"]?["words"]?.string?.split(separator: ":").first.map(String.init)
    }
  }

  /// What figures were measured on.
  public struct Measurement: Sendable, Hashable {
    /// The name of the reference, and its perplexity.
    public let reference: String
    public let perplexity: Double?, perplexityError: Double?
    public let tokenCount: Int?, chunkCount: Int?
    /// The text: `bundled`, or the name of a file; nil for ids.
    public let text: String?
    public let textSHA256: String?

    init(_ json: JSON) {
      reference = json["reference"]?["name"]?.string ?? "the reference"
      perplexity = json["reference"]?["perplexity"]?["value"]?.real
      perplexityError = json["reference"]?["perplexity"]?["standard_error"]?.real
      tokenCount = json["tokens"]?.integer
      chunkCount = json["chunks"]?.integer
      // Folders of the publisher's machine say nothing to others.
      let origin = json["text"]?["origin"]?.string
      text =
        json["text"]?["path"]?.string.map { Path.name(of: $0) }
        ?? (origin == "argument" ? "given on the command line" : origin)
      textSHA256 = json["text"]?["sha256"]?.string
    }
  }

  /// A conversion as a receipt (`ingot.receipt/1`) records it.
  public struct Conversion: Sendable, Hashable {
    /// The arguments; of absolute paths only the last component.
    public let arguments: [String]
    public let toolVersion: String?
    /// The tensors, those of all layers together: name with `*` for the layer, format, rule, and how many there are.
    public let rules: [Rule]
    /// The importance matrix, by the file that was read.
    let imatrix: Imatrix?
    let digests: Set<String>

    public struct Rule: Sendable, Hashable {
      public let name: String, format: String, rule: String
      public var count: Int
    }

    init?(_ json: JSON) {
      digests = ModelCard.digests(json["outputs"])
      guard !digests.isEmpty else { return nil }
      arguments = (json["options"]?.array ?? []).compactMap(\.string).map(Self.withoutFolders)
      toolVersion = json["tool"]?["version"]?.string
      rules = Self.rules(json["tensors"]?.array ?? [])
      imatrix = (json["other_inputs"]?.array ?? []).first { $0["option"]?.string == "--imatrix" }.map { input in
        Imatrix(name: input["path"]?.string.map { Path.name(of: $0) }, sha256: input["sha256"]?.string)
      }
    }

    /// Folders of the publisher's machine say nothing to others.
    private static func withoutFolders(_ argument: String) -> String {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let value = parts.last, value.hasPrefix("/") else { return argument }
      return (parts.dropLast() + [Path.name(of: value)]).joined(separator: "=")
    }

    private static func rules(_ tensors: [JSON]) -> [Rule] {
      var rules: [Rule] = []
      for tensor in tensors {
        guard let name = tensor["name"]?.string, let format = tensor["to"]?.string else { continue }
        let general = name.split(separator: ".", omittingEmptySubsequences: false)
          .map { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } ? "*" : String($0) }
          .joined(separator: ".")
        let rule = Rule(name: general, format: format, rule: tensor["rule"]?.string ?? "", count: 1)
        if let index = rules.firstIndex(where: { ($0.name, $0.format, $0.rule) == (rule.name, rule.format, rule.rule) })
        {
          rules[index].count += 1
        } else {
          rules.append(rule)
        }
      }
      return rules
    }
  }

  /// The digests in a list of files.
  private static func digests(_ files: JSON?) -> Set<String> {
    Set((files?.array ?? []).compactMap { $0["sha256"]?.string })
  }
}
