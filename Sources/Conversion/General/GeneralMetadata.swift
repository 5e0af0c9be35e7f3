import Bytes
import Tensors

/// The `general.*` entries at the head of a GGUF: the model's name, authors and sources.
///
/// llama.cpp's converter derives the same (`gguf-py/gguf/metadata.py`), in this order. The first source that has a
/// fact decides: the model card, then `_name_or_path` of `config.json`, then the folder's name.
public struct GeneralMetadata: Sendable {
  /// The sources of the entries.
  public struct Sources: Sendable {
    /// The last component of the checkpoint's path.
    public var folderName: String
    /// The elements of all tensors that will be written.
    public var parameterCount: Int
    /// The size label used if no name has one; by default it is made of `parameterCount`.
    public var sizeLabel: String?
    /// `config.json` as it is in the folder.
    public var config: JSON?
    /// `generation_config.json`; nil if absent or not valid.
    public var generationConfig: JSON?
    /// The model card.
    public var card: ModelCard
    /// The name the user gave, which wins over all others.
    public var modelName: String?

    /// Sources of which all but the folder's name and the count may be missing.
    public init(
      folderName: String, parameterCount: Int, sizeLabel: String? = nil, config: JSON? = nil,
      generationConfig: JSON? = nil, card: ModelCard = .none, modelName: String? = nil
    ) {
      self.folderName = folderName
      self.parameterCount = parameterCount
      self.sizeLabel = sizeLabel
      self.config = config
      self.generationConfig = generationConfig
      self.card = card
      self.modelName = modelName
    }
  }

  /// The entries in the order in which they are written, from `general.type` to `general.languages`.
  public private(set) var pairs: [(key: String, value: MetadataValue)] = []
  /// Values that were left out; at most of them the reference converter fails.
  public private(set) var remarks: [String] = []
  /// The facts with which a file is named.
  private var named: [String: String] = [:]

  /// Derives the entries.
  public init(_ sources: Sources) {
    var card = ModelCardMetadata(card: sources.card, parameterCount: sources.parameterCount)
    named = card.texts
    takeNames(sources)
    add("general.type", "model")
    addSampling(sources.generationConfig)
    for field in ModelCardMetadata.fields { add("general." + field.key, named[field.key] ?? "") }
    card.addLists()
    pairs += card.pairs
    remarks = sources.card.remarks + remarks + card.remarks
  }

  /// The name the naming convention gives the file.
  ///
  /// - Parameter format: the name of the file's main storage format.
  public func fileName(format: String) -> String {
    GGUFFileName.text(
      name: named["name"], basename: named["basename"], sizeLabel: named["size_label"], finetune: named["finetune"],
      version: named["version"], format: format)
  }

  private mutating func takeNames(_ sources: Sources) {
    var names = [sources.folderName]
    switch sources.config?["_name_or_path"] {
    case nil, .null?: break
    // More slashes make it a path on somebody's computer.
    case .string(let name)?: if name.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= 1 { names.insert(name, at: 0) }
    case let value?: remarks.append("config.json: \"_name_or_path\" is \(value.kindName), not text; it was ignored")
    }
    for name in names {
      let parts = ModelName.components(name, parameterCount: sources.parameterCount)
      let facts = [
        "name": ModelName.title(parts.full), "organization": parts.organization.map(ModelName.title),
        "basename": parts.basename, "finetune": parts.finetune, "version": parts.version,
        "size_label": parts.sizeLabel,
      ]
      named.merge(facts.compactMapValues(\.self)) { first, _ in first }
    }
    if named["size_label"] == nil, sources.parameterCount > 0 {
      named["size_label"] = sources.sizeLabel ?? SizeLabel.text(parameterCount: sources.parameterCount)
    }
    if let name = sources.modelName { named["name"] = name }
  }

  /// Adds a string unless it is empty: a GGUF omits empty ones.
  private mutating func add(_ key: String, _ text: String) {
    if !text.isEmpty { pairs.append((key, .string(ByteString(text)))) }
  }
}

extension GeneralMetadata {
  private enum SamplingKind { case text, integer, real }

  /// Keys under `general.sampling.` and the members of `generation_config.json` of which the first present one counts.
  private static let sampling: [(key: String, members: [String], kind: SamplingKind)] = [
    ("sequence", ["sequence"], .text), ("top_k", ["top_k"], .integer), ("top_p", ["top_p"], .real),
    ("min_p", ["min_p"], .real), ("xtc_probability", ["xtc_probability"], .real),
    ("xtc_threshold", ["xtc_threshold"], .real), ("temp", ["temperature"], .real),
    ("penalty_last_n", ["penalty_last_n"], .integer),
    ("penalty_repeat", ["penalty_repeat", "repetition_penalty"], .real), ("mirostat", ["mirostat"], .integer),
    ("mirostat_tau", ["mirostat_tau"], .real), ("mirostat_eta", ["mirostat_eta"], .real),
  ]

  private mutating func addSampling(_ config: JSON?) {
    guard let config else { return }
    guard config.object != nil else {
      remarks.append("generation_config.json: is \(config.kindName), not an object; it was ignored")
      return
    }
    for (key, members, kind) in Self.sampling {
      guard let member = members.first(where: { config[$0] != nil }), let value = config[member], !value.isNull else {
        continue
      }
      if let converted = Self.samplingValue(value, kind) {
        if converted != .string("") { pairs.append(("general.sampling." + key, converted)) }
      } else {
        let wanted =
          switch kind {
          case .text: "text"
          case .integer: "an integer of 32 bits"
          case .real: "a number that a float32 holds"
          }
        remarks.append("generation_config.json: \(member.quoted) is not \(wanted); it was left out")
      }
    }
  }

  private static func samplingValue(_ value: JSON, _ kind: SamplingKind) -> MetadataValue? {
    switch (kind, value) {
    case (.text, .string(let text)): return .string(ByteString(text))
    case (.integer, .bool(let flag)): return .int32(flag ? 1 : 0)
    case (.integer, .number): return value.integer.flatMap(Int32.init(exactly:)).map(MetadataValue.int32)
    case (.real, .bool(let flag)): return .float32(flag ? 1 : 0)
    case (.real, .number):
      guard let real = value.real else { return nil }
      let narrow = Float(real)
      return narrow.isFinite || !real.isFinite ? .float32(narrow) : nil
    default: return nil
    }
  }
}
