import Bytes
import Tensors

/// The metadata of a model card as entries of `general.*`.
struct ModelCardMetadata {
  /// A key under `general.` and the card's keys for it, of which the first that is not null counts.
  typealias Field = (key: String, cardKeys: [String])

  /// The single facts in the order in which they are written.
  static let fields: [Field] = [
    ("name", ["name", "model_name"]), ("author", ["author", "model_author", "model_creator"]),
    ("version", ["version", "model_version"]), ("organization", ["organization", "model_organization"]),
    ("finetune", ["finetune", "model_finetune"]), ("basename", ["basename", "model_basename", "model_type"]),
    ("description", ["description", "model_description"]), ("size_label", ["size_label", "model_size_label"]),
    ("license", ["license"]), ("license.name", ["license_name"]), ("license.link", ["license_link"]),
    ("source.url", ["url", "model_url"]), ("source.doi", ["doi", "model_doi"]),
    ("source.uuid", ["uuid", "model_uuid"]),
    ("source.repo_url", ["repo_url", "model_repo_url"]),
  ]

  /// Models and data sets this model was made from: keys of which the first present one counts, even if it is null.
  private static let origins: [Field] = [
    ("base_model", ["base_model", "base_models", "base_model_sources"]),
    ("dataset", ["datasets", "dataset", "dataset_sources"]),
  ]
  private static let originKeys = [
    "name", "author", "version", "organization", "description", "url", "doi", "uuid", "repo_url",
  ]
  /// Lists to which several keys of the card add.
  private static let lists: [Field] = [("tags", ["tags", "pipeline_tag"]), ("languages", ["languages", "language"])]

  private let card: ModelCard
  private let parameterCount: Int
  /// The single facts by their key; an empty one is not written, but keeps other sources out.
  private(set) var texts: [String: String] = [:]
  /// Origins, tags and languages.
  private(set) var pairs: [(key: String, value: MetadataValue)] = []
  private(set) var remarks: [String] = []

  /// Reads the single facts.
  init(card: ModelCard, parameterCount: Int) {
    self.card = card
    self.parameterCount = parameterCount
    for field in Self.fields {
      for cardKey in field.cardKeys {
        guard texts[field.key] == nil, let value = card.entries[ExactString(cardKey)], value != .null else { continue }
        let licenses = cardKey == "license" ? value.sequence?.map(\.string) : nil
        if let licenses, !licenses.contains(nil) {
          texts[field.key] = licenses.compactMap(\.self).joined(separator: ",")
        } else {
          texts[field.key] = text(value, of: cardKey.quoted)
        }
      }
    }
  }

  /// The text of `value`, empty where Python's truth value is false; nil and a remark for anything else.
  private mutating func text(_ value: YAML, of place: String) -> String? {
    if let text = value.string { return text }
    if value.isEmpty { return "" }
    remarks.append("README.md: \(place) is \(value.kindName), not text; it was left out")
    return nil
  }

  /// Reads origins, tags and languages.
  mutating func addLists() {
    for origin in Self.origins { addOrigins(origin) }
    for list in Self.lists { addList(list) }
  }

  private mutating func addOrigins(_ origin: Field) {
    guard let cardKey = origin.cardKeys.first(where: { card.entries[ExactString($0)] != nil }),
      let value = card.entries[ExactString(cardKey)]
    else { return }
    let entries = value.string.map { [.string($0)] } ?? value.sequence ?? []
    pairs.append(("general.\(origin.key).count", .uint32(UInt32(clamping: entries.count))))
    for (index, entry) in entries.enumerated() {
      let place = "entry \(index) of \(cardKey.quoted)"
      let facts = facts(of: entry, at: place)
      for key in Self.originKeys {
        guard let value = facts[ExactString(key)], let text = text(value, of: "\(key.quoted) of \(place)") else {
          continue
        }
        add("general.\(origin.key).\(index).\(key)", text)
      }
    }
  }

  /// The facts of an origin: as given, or derived from its URL or identifier.
  private mutating func facts(of entry: YAML, at place: String) -> YAML.Mapping {
    if let mapping = entry.mapping { return mapping }
    guard let text = entry.string else {
      remarks.append("README.md: \(place) is \(entry.kindName), not text; it was left out")
      return [:]
    }
    var facts: YAML.Mapping = [:]
    var identifier: String? = text
    let isAddress = ["http://", "https://", "ssh://"].contains { text.unicodeScalars.starts(with: $0.unicodeScalars) }
    if isAddress {
      facts["repo_url"] = .string(text)
      identifier = Self.identifier(inAddress: text)
    }
    guard let identifier else { return facts }
    let name = ModelName.components(identifier, parameterCount: parameterCount)
    facts["name"] = .string(ModelName.title(name.full))
    facts["version"] = name.version.map(YAML.string)
    if let organization = name.organization {
      facts["organization"] = .string(ModelName.title(organization))
      if !isAddress { facts["repo_url"] = .string("https://huggingface.co/\(organization)/\(name.full)") }
    }
    return facts
  }

  /// `a/b` in `https://huggingface.co/a/b`.
  private static func identifier(inAddress address: String) -> String? {
    let parts = address.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].text == "http:" || parts[0].text == "https:", parts[1].isEmpty,
      parts[2].text == "huggingface.co", !parts[3].isEmpty, !parts[4].isEmpty
    else { return nil }
    return "\(parts[3].text)/\(parts[4].text)"
  }

  private mutating func addList(_ list: Field) {
    var values: [YAML] = []
    for cardKey in list.cardKeys {
      guard let value = card.entries[ExactString(cardKey)] else { continue }
      values += value.string.map { [.string($0)] } ?? value.sequence ?? []
    }
    guard let first = values.first else { return }
    let array: MetadataArray? =
      switch first {
      case .string: values.all(\.string).map { .string(PackedStrings($0)) }
      case .bool: values.all { if case .bool(let value) = $0 { value } else { nil } }.map(MetadataArray.bool)
      case .integer:
        values.all { if case .integer(let value) = $0 { Int32(exactly: value) } else { nil } }.map(MetadataArray.int32)
      case .real: values.all { if case .real(let value) = $0 { Float(value) } else { nil } }.map(MetadataArray.float32)
      default: nil
      }
    if let array {
      pairs.append(("general." + list.key, .array(array)))
      return
    }
    let texts = values.compactMap(\.string)
    remarks.append("README.md: \(list.key.quoted) has elements that are not text; they were left out")
    if !texts.isEmpty { pairs.append(("general." + list.key, .array(.string(PackedStrings(texts))))) }
  }

  private mutating func add(_ key: String, _ text: String) {
    if !text.isEmpty { pairs.append((key, .string(ByteString(text)))) }
  }
}

extension [YAML] {
  /// The elements converted; nil if one of them cannot be.
  fileprivate func all<T>(_ convert: (YAML) -> T?) -> [T]? {
    let converted = compactMap(convert)
    return converted.count == count ? converted : nil
  }
}
