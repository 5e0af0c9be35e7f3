import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

/// The facts that people ask for first: context, rotary embedding, special tokens, template and memory.
public struct ModelSummary: Sendable {
  /// The name that the metadata or config.json states; nil if none does.
  public let name: String?
  /// Positions the model was trained for; nil if unknown.
  public let contextLength: Int?
  /// The position encoding in words: `RoPE base 500,000, llama3 scaling × 8 from 8,192`; nil if unknown.
  public let positions: String?
  /// The base of the rotary embedding, and that of layers with a sliding window if it differs.
  public let rotaryBase: Double?, localRotaryBase: Double?
  /// The tokens of the sliding window; nil for none.
  public let slidingWindow: Int?
  /// The vocabulary; nil if there is none, or it cannot be read.
  public let vocabulary: VocabularySummary?
  /// The key-value cache; nil for encoders, and if the sizes are unknown.
  public let cache: KeyValueCache?
  /// Whether the model is an encoder, which has no cache.
  public let isEncoder: Bool
  /// The bytes of all tensors as stored.
  public let weightByteCount: Int

  /// The shorter of the contexts for which memory is reported.
  public static let shortContextLength = 4096

  /// The memory for one context.
  public struct Memory: Sendable, Hashable {
    /// Tokens of the context.
    public let tokenCount: Int
    /// Bytes of the key-value cache, recurrent states included, and of weights and cache together.
    public let cacheByteCount: Int, byteCount: Int
  }

  /// The memory for 4,096 tokens and for the whole context; only the latter if it is shorter.
  public var memory: [Memory] {
    guard let cache else { return [] }
    let lengths = [Self.shortContextLength, contextLength ?? Self.shortContextLength].filter {
      $0 <= contextLength ?? .max
    }
    return Array(Set(lengths)).sorted().compactMap { length in
      guard let bytes = cache.byteCount(tokenCount: length) else { return nil }
      let (sum, overflow) = bytes.addingReportingOverflow(weightByteCount)
      return overflow ? nil : Memory(tokenCount: length, cacheByteCount: bytes, byteCount: sum)
    }
  }
}

extension ModelSummary {
  /// Summarizes a model of a known architecture.
  public init(_ model: Model, weightByteCount: Int) {
    let set = model.hyperparameters
    let features = model.definition.forwardPass ?? ForwardPassFeatures()
    let numbers = try? model.forwardPassHyperparameters()
    name = Self.name(model.checkpoint.metadata)
    contextLength = set.integer("context_length")
    rotaryBase = features.positions == .rotary ? set.real("rotary_base") : nil
    localRotaryBase = set.real("rotary_local_base").flatMap { $0 == set.real("rotary_base") ? nil : $0 }
    positions = Self.positions(
      features, numbers, base: rotaryBase, localBase: localRotaryBase, scaling: set.rotaryScaling)
    slidingWindow = set.integer("sliding_window").flatMap { $0 > 0 ? $0 : nil }
    if let metadata = model.facts.ggufMetadata {
      vocabulary = VocabularySummary(metadata)
    } else {
      vocabulary = (try? model.vocabulary()).flatMap(\.self).map { VocabularySummary($0.vocabulary) }
    }
    isEncoder = features.output != .logits
    cache = numbers.flatMap {
      KeyValueCache(
        $0, .init(model.definition, layerCount: $0.layerCount, metadata: model.facts.ggufMetadata))
    }
    self.weightByteCount = weightByteCount
  }

  /// Summarizes a GGUF of an unknown architecture by the keys that most architectures have; nil without an architecture.
  public init?(_ metadata: Metadata, weightByteCount: Int) {
    guard let architecture = metadata["general.architecture"]?.text else { return nil }
    func value(_ key: String) -> MetadataValue? { metadata["\(architecture).\(key)"] }
    name = Self.name(metadata)
    contextLength = value("context_length")?.integer
    rotaryBase = value("rope.freq_base")?.shortestReal
    localRotaryBase = value("rope.freq_base_swa")?.shortestReal
    slidingWindow = value("attention.sliding_window")?.integer
    let scaling = try? RotaryScaling(
      metadata: metadata, architecture: architecture, contextLength: contextLength ?? Self.shortContextLength)
    positions = rotaryBase.map {
      Self.rotaryWords(base: $0, localBase: value("rope.freq_base_swa")?.shortestReal, scaling: scaling ?? .none)
    }
    vocabulary = VocabularySummary(metadata)
    isEncoder = false
    cache = Self.cache(metadata, architecture)
    self.weightByteCount = weightByteCount
  }

  /// The cache of an architecture without a definition; nil if keys tell of layers that differ.
  private static func cache(_ metadata: Metadata, _ architecture: String) -> KeyValueCache? {
    let prefix = architecture + "."
    func integer(_ key: String) -> Int? { metadata[prefix + key]?.integer }
    let unusual = [".ssm.", ".wkv", ".sliding_window", "_mla", ".indexer.", ".shortconv.", "shared_kv", ".kda."]
    guard !metadata.pairs.keys.contains(where: { key in unusual.contains { key.text.contains($0) } }),
      metadata[prefix + "attention.causal"]?.bool != false, metadata[prefix + "pooling_type"] == nil,
      let layers = integer("block_count"), let heads = integer("attention.head_count"), heads > 0
    else { return nil }
    let keyValueHeads =
      metadata[prefix + "attention.head_count_kv"] == nil ? heads : integer("attention.head_count_kv")
    let width = integer("embedding_length").map { $0 / heads }
    guard let keyValueHeads, let keys = integer("attention.key_length") ?? width,
      let values = integer("attention.value_length") ?? width
    else { return nil }
    let (length, sumOverflows) = keys.addingReportingOverflow(values)
    let (elements, overflows) = length.multipliedReportingOverflow(by: keyValueHeads)
    return sumOverflows || overflows ? nil : KeyValueCache(layerCount: layers, elementsPerLayer: elements)
  }

  private static func name(_ metadata: Metadata) -> String? {
    metadata["general.name"]?.text.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func positions(
    _ features: ForwardPassFeatures, _ numbers: Hyperparameters?, base: Double?, localBase: Double?,
    scaling: RotaryScaling
  ) -> String? {
    switch numbers?.features.positions ?? features.positions {
    case .rotary: base.map { rotaryWords(base: $0, localBase: localBase, scaling: scaling) }
    case .none: "no RoPE"
    case .alibi, .alibiBeforeScale: "ALiBi"
    case .relative: "relative position buckets"
    }
  }

  private static func rotaryWords(base: Double, localBase: Double?, scaling: RotaryScaling) -> String {
    var words = "RoPE base \(base.plain)"
    if let localBase { words += " (\(localBase.plain) in sliding-window layers)" }
    if scaling != .none { words += ", \(scaling.words)" }
    return words
  }
}

extension Double {
  /// A whole number grouped, any other with its shortest decimals.
  fileprivate var plain: String { Int(exactly: self).map(\.grouped) ?? "\(self)" }
}

extension RotaryScaling {
  /// The method, its factor and the context before it: `yarn scaling × 4 from 32,768`.
  fileprivate var words: String {
    let original: Int? =
      switch self {
      case .dynamic(_, let length), .llama3(_, _, _, let length): length
      case .yarn(let yarn): yarn.originalContextLength
      case .longrope(let longrope): longrope.originalContextLength
      case .none, .linear, .piecewise, .proportional: nil
      }
    return "\(name) scaling" + (factor.map { " × \($0.plain)" } ?? "") + (original.map { " from \($0.grouped)" } ?? "")
  }
}

extension ModelSummary {
  /// The member `summary` of a report, as documented in `docs/json.md`.
  var json: JSON {
    func number<Value>(_ value: Value?, _ json: (Value) -> JSON) -> JSON { value.map(json) ?? .null }
    return .members([
      "name": number(name) { .string($0) },
      "context_length": number(contextLength) { .integer($0) },
      "rotary_base": number(rotaryBase) { .real($0) },
      "rotary_local_base": number(localRotaryBase) { .real($0) },
      "sliding_window": number(slidingWindow) { .integer($0) },
      "tokenizer": vocabulary?.json ?? .null,
      "cache": cache?.json ?? .null,
      "memory": .array(
        memory.map { memory in
          .members([
            "tokens": .integer(memory.tokenCount), "weights": .integer(weightByteCount),
            "cache": .integer(memory.cacheByteCount), "total": .integer(memory.byteCount),
          ])
        }),
    ])
  }
}

extension KeyValueCache {
  fileprivate var json: JSON {
    .members([
      "format": .string("F16"), "elements_per_token": .integer(elementsPerToken),
      "sliding_window": .integer(slidingWindow),
      "windowed_elements_per_token": .integer(windowedElementsPerToken), "state_bytes": .integer(stateByteCount),
      "layers": .members([
        "full": .integer(fullLayerCount), "windowed": .integer(windowedLayerCount),
        "sharing": .integer(sharingLayerCount), "recurrent": .integer(recurrentLayerCount),
      ]),
      "latent": .bool(isLatent),
    ])
  }
}

extension VocabularySummary {
  fileprivate var json: JSON {
    .members([
      "kind": .string(kind), "pre_tokenizer": preTokenizer.map { .string($0) } ?? .null,
      "tokens": .integer(tokenCount),
      "special_tokens": .array(
        specialTokens.map { token in
          .members([
            "role": .string(token.role.rawValue), "id": .integer(token.id),
            "text": token.text.map { .string($0) } ?? .null,
          ])
        }),
      "added": .array(addedRoles.map { .string($0.rawValue) }),
      "chat_templates": .array(
        chatTemplates.map { template in
          .members(["name": .string(template.name), "bytes": .integer(template.text.utf8.count)])
        }),
    ])
  }
}
