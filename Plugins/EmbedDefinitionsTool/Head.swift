import Foundation

/// What identifies a definition: the members of `ArchitectureIdentity`, with what it inherits of them.
struct Head {
  let name: String
  let isAbstract: Bool
  /// The definitions that it extends, the nearest last.
  let baseNames: [String]
  let classes: [String], modelTypes: [String], configKeys: [String]
  let ggufArchitecture: String?

  enum Failure: Error, CustomStringConvertible {
    case notAnObject(file: String)
    case hasNoName(file: String)
    case unknownBase(String, file: String)
    case extendsItself(file: String)

    var description: String {
      switch self {
      case .notAnObject(let file): "\(file): is not a JSON object"
      case .hasNoName(let file): "\(file): has no name"
      case .unknownBase(let base, let file): "\(file): extends \(base), which is not among the definitions"
      case .extendsItself(let file): "\(file): extends itself"
      }
    }
  }

  /// The head of the definition in `file`; `definitions` are the members of each, by the names of the files.
  init(file: String, among definitions: [String: [String: Any]]) throws {
    guard let own = definitions[file], let name = own["name"] as? String else { throw Failure.hasNoName(file: file) }
    var chain = [own], baseNames: [String] = []
    while let base = chain[0]["extends"] as? String {
      guard let members = definitions[base] else { throw Failure.unknownBase(base, file: file) }
      guard !baseNames.contains(base), base != file else { throw Failure.extendsItself(file: file) }
      chain.insert(members, at: 0)
      baseNames.insert(base, at: 0)
    }
    self.name = name
    isAbstract = own["abstract"] as? Bool ?? false
    self.baseNames = baseNames
    classes = own["classes"] as? [String] ?? []
    modelTypes = own["model_types"] as? [String] ?? []
    configKeys = own["config_keys"] as? [String] ?? []
    // These are inherited. A scheme that is null is removed.
    let scheme = chain.compactMap { ($0["schemes"] as? [String: Any])?["gguf"] }.last
    let ggufName = chain.compactMap { $0["gguf_architecture"] as? String }.last ?? name
    ggufArchitecture = scheme == nil || scheme is NSNull ? nil : ggufName
  }

  /// The Swift expression of an `ArchitectureIdentity`.
  var expression: String {
    """
    ArchitectureIdentity(
            name: \(literal(name)), isAbstract: \(isAbstract), baseNames: \(literal(baseNames)), classes: \(literal(classes)),
            modelTypes: \(literal(modelTypes)), configKeys: \(literal(configKeys)),
            ggufArchitecture: \(ggufArchitecture.map(literal) ?? "nil"))
    """
  }

  private func literal(_ text: String) -> String { "####\"\(text)\"####" }
  private func literal(_ texts: [String]) -> String { "[\(texts.map(literal).joined(separator: ", "))]" }
}
