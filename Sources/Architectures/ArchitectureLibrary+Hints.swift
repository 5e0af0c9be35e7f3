import Bytes

extension ArchitectureLibrary {
  /// Advice for an unknown architecture name: the nearest known name, and how to list all.
  public func hint(for name: String) -> String { Self.hint(name, among: identities.map(\.name)) }

  /// The same for a `general.architecture` of a GGUF.
  public func hint(forGGUF name: String) -> String {
    Self.hint(name, among: identities.compactMap(\.ggufArchitecture))
  }

  /// The same for an entry of `architectures` in config.json.
  public func hint(forClass name: String) -> String {
    // The long common endings (`ForCausalLM`) would make any two classes similar.
    func stem(_ name: String) -> String { name.firstRange(of: "For").map { String(name[..<$0.lowerBound]) } ?? name }
    let classes = identities.flatMap(\.classes)
    let nearest = stem(name).nearest(among: classes.map(stem))
    return Self.hint(name, among: classes.filter { stem($0) == nearest })
  }

  private static func hint(_ name: String, among known: [String]) -> String {
    let nearest = name.nearest(among: known).map { "did you mean \($0.quoted)? " } ?? ""
    return nearest + "ingot architectures lists the known ones"
  }
}
