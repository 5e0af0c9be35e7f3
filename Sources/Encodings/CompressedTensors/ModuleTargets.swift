import Bytes

/// Modules as `targets` and `ignore` name them: `model.layers.0.mlp.up_proj`, `re:.*mlp.*`, or a class, `Linear`.
///
/// compressed-tensors looks for a module's own name first, then for a pattern that matches at the start of its name, then
/// for its class; patterns in the order of their text. Of equal targets in several config groups the last one counts.
struct ModuleTargets: Sendable {
  /// No published configuration has more than some dozens.
  static let largestPatternCount = 1_000
  /// What all patterns of a checkpoint may cost together: some seconds.
  static let largestStepCount = 1_000_000_000
  private static let patternPrefix = "re:"

  /// The index that goes with a name or class.
  private var indexByName: [String: Int] = [:]
  /// In the order of their text.
  private var patterns: [(pattern: PythonPattern, index: Int)] = []

  init(_ targets: [(text: String, index: Int)], path: String) throws(EncodingError) {
    var indexByPattern: [String: Int] = [:]
    for (text, index) in targets {
      if text.hasPrefix(Self.patternPrefix) {
        indexByPattern[String(text.dropFirst(Self.patternPrefix.count))] = index
      } else {
        indexByName[text] = index
      }
    }
    guard indexByPattern.count <= Self.largestPatternCount else {
      throw .member(path, expected: "at most \(Self.largestPatternCount.grouped) patterns")
    }
    let sorted = indexByPattern.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
    for (text, index) in sorted {
      do throws(PythonPatternError) {
        patterns.append((try PythonPattern(text), index))
      } catch {
        throw .pattern(error, member: path)
      }
    }
  }

  /// The indices of all targets that match the module, the deciding one first.
  ///
  /// - Parameter steps: what is left of the budget for patterns.
  func matches(_ module: String, steps: inout Int) throws(PythonPatternError) -> [Int] {
    var matches: [Int] = []
    if let index = indexByName[module] { matches.append(index) }
    for (pattern, index) in patterns where try pattern.matches(module, steps: &steps) { matches.append(index) }
    for name in Self.classes(of: module) {
      if let index = indexByName[name] { matches.append(index) }
    }
    return matches
  }

  /// The classes that a module with a quantized matrix has, by its name; only embeddings are not linear.
  private static func classes(of module: String) -> [String] {
    let word = module.split(separator: ".").last ?? ""
    let isEmbedding = word.contains("embed") || word == "wte" || word == "wpe"
    return [isEmbedding ? "Embedding" : "Linear", "Module"]
  }
}
