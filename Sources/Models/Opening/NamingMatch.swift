import Architectures
import Bytes
import Tensors

/// The architecture and naming scheme that fit the tensor names of a checkpoint best.
///
/// Training programs save models inside wrappers, whose words become part of every name: `module.model.norm.weight`. Such
/// words are left out, if more names are known without them.
struct NamingMatch {
  let definition: ArchitectureDefinition
  let scheme: NamingScheme
  /// The checkpoint, with names as the scheme has them.
  let checkpoint: Checkpoint
  /// What was left out of the names; nil if nothing was.
  let remark: String?

  /// Words of wrappers that occur anywhere in a name, and in no model's own names.
  private static let innerWords: Set<Substring> = [
    "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]
  /// Words of wrappers that begin all names. Other common words are left out only if all names are known without them.
  private static let outerWords: Set<Substring> = ["module", "model", "base_model", "_module", "state_dict"]

  /// Chooses among the candidates the one that knows most of the tensor names; of equals the definition that misses fewest
  /// tensors, then the first.
  ///
  /// - Throws: `ModelError.unknownNames` if no candidate knows any.
  init(_ candidates: [ArchitectureDefinition], _ stored: Checkpoint, mayHaveWrappers: Bool) throws {
    let wrapped = stored.tensors.map(\.name)
    let (names, innerRemark) = mayHaveWrappers ? Self.withoutInnerWords(wrapped) : (wrapped, nil)
    var readers = candidates.flatMap { definition in definition.schemes.map { Reader(definition, $0) } }
    var best: (index: Int, prefix: [Substring], known: Int, missing: Int)?
    search: for prefix in [[]] + (mayHaveWrappers ? Self.sharedPrefixes(names) : []) {
      let stripped = prefix.isEmpty ? names : Self.without(prefix, names)
      let isWrapper = prefix.allSatisfy(Self.outerWords.contains)
      for index in readers.indices {
        let matcher = readers[index].matcher
        // Then all names must be known.
        if !isWrapper, matcher.match(of: stripped[0]) == nil { continue }
        let (known, rules) = Self.known(matcher, stripped)
        guard known >= best?.known ?? 1, isWrapper || known == names.count else { continue }
        let missing = Self.missingCount(matcher, rules)
        if let best, known == best.known {
          guard readers[best.index].definition.name != readers[index].definition.name, best.prefix == prefix,
            missing < best.missing
          else { continue }
        }
        best = (index, prefix, known, missing)
        // None can be better.
        if known == names.count, missing == 0 { break search }
      }
      if best?.known == names.count { break search }
    }
    guard let best else {
      throw ModelError.unknownNames(
        path: stored.path, sample: wrapped.prefix(3).map(\.text),
        known: candidates.count == 1 ? candidates[0].schemes.map(\.name) : [])
    }
    (definition, scheme) = (readers[best.index].definition, readers[best.index].scheme)
    let prefixRemark =
      best.prefix.isEmpty
      ? nil : "all tensor names begin with \((best.prefix.joined(separator: ".") + ".").quoted), which is left out"
    let remarks = [innerRemark, prefixRemark].compactMap(\.self)
    remark = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    checkpoint = remarks.isEmpty ? stored : stored.renamed(Self.without(best.prefix, names))
  }

  /// A definition and one of its schemes, whose names are read when they are first needed.
  private struct Reader {
    let definition: ArchitectureDefinition
    let scheme: NamingScheme
    lazy var matcher = definition.matcher(of: scheme)

    init(_ definition: ArchitectureDefinition, _ scheme: NamingScheme) {
      (self.definition, self.scheme) = (definition, scheme)
    }
  }

  /// The count of the known names, and the rules of those that are tensors.
  private static func known(
    _ matcher: ArchitectureDefinition.NameMatcher, _ names: [TensorName]
  ) -> (count: Int, rules: Set<Int>) {
    var count = 0, rules: Set<Int> = []
    for name in names {
      guard let match = matcher.match(of: name) else { continue }
      count += 1
      if case .tensor(let rule, _, _) = match { rules.insert(rule) }
    }
    return (count, rules)
  }

  /// How many roles that every model has are of none of the `rules`.
  private static func missingCount(_ matcher: ArchitectureDefinition.NameMatcher, _ rules: Set<Int>) -> Int {
    let required = matcher.rules.flatMap(\.tensors)
      .filter { !$0.isOptional && !$0.isOfPrediction && $0.requiredLayers == nil }.map(\.role)
    return Set(required).subtracting(rules.flatMap { matcher.rules[$0].roles }).count
  }

  /// Returns the names without the inner words, unless two would become equal.
  private static func withoutInnerWords(_ names: [TensorName]) -> (names: [TensorName], remark: String?) {
    var found: [Substring] = [], count = 0
    let stripped = names.map { name in
      let words = name.text.split(separator: ".", omittingEmptySubsequences: false)
      let wrappers = words.filter(innerWords.contains)
      guard !wrappers.isEmpty, wrappers.count < words.count else { return name }
      count += 1
      for word in wrappers where !found.contains(word) { found.append(word) }
      return TensorName(words.filter { !innerWords.contains($0) }.joined(separator: "."))
    }
    guard count > 0, Set(stripped).count == names.count else { return (names, nil) }
    let words = found.map { String($0).quoted }.joined(separator: " and ")
    return (stripped, "\(words) is left out of \(counted(count, "tensor name"))")
  }

  /// The words with which all names begin, as one prefix for each number of them, the shortest first.
  private static func sharedPrefixes(_ names: [TensorName]) -> [[Substring]] {
    guard let first = names.first else { return [] }
    var shared = Array(first.text.split(separator: ".", omittingEmptySubsequences: false).dropLast())
    for name in names where !shared.isEmpty {
      let words = name.text.split(separator: ".", omittingEmptySubsequences: false).dropLast()
      shared = Array(zip(shared, words).prefix { $0 == $1 }.map(\.0))
    }
    return shared.indices.map { Array(shared[...$0]) }
  }

  private static func without(_ prefix: [Substring], _ names: [TensorName]) -> [TensorName] {
    guard !prefix.isEmpty else { return names }
    let count = prefix.reduce(0) { $0 + $1.utf8.count + 1 }
    return names.map { TensorName(String($0.text.utf8.dropFirst(count)) ?? $0.text) }
  }
}

extension Checkpoint {
  /// The same tensors under other names, one for each.
  fileprivate func renamed(_ names: [TensorName]) -> Checkpoint {
    replacing(
      tensors: zip(tensors, names).map { tensor, name in
        TensorDescriptor(name: name, shape: tensor.shape, contents: tensor.contents)
      })
  }
}
