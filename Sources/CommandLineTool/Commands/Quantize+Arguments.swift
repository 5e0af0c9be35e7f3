import ArgumentParser
import Ingot

extension Quantize {
  /// The words after the input, and the options that take their place.
  struct PositionalArguments {
    let output: String
    /// One, or several of `--types`; none where a size decides.
    let recipes: [Recipe]
    let threadCount: Int?
  }

  /// What decides the formats.
  private struct Choice {
    let recipes: [Recipe]
    /// As it is spelled in the name of an output.
    let spelling: String
    /// The option; nil for a recipe among the arguments.
    var option: String?
  }

  var order: PositionalArguments {
    get throws {
      let given = try choiceOfOptions
      var rest = arguments[...]
      var path = output
      if let first = rest.first, Recipe.find(first) == nil, given == nil || Int(first) == nil {
        guard output == nil else { throw ValidationError("unexpected \(first.quoted), since -o names the output") }
        path = rest.removeFirst()
      }
      let choice = try given ?? recipe(in: &rest)
      let threads = rest.popFirst()
      let threadCount = threads.flatMap { Int($0) }
      guard rest.isEmpty, threads == nil || (threadCount ?? 0) >= 1 else {
        throw ValidationError(
          choice.option.map { "expected an output and a thread count, but no recipe, with \($0)" }
            ?? "unexpected \((rest.first ?? threads ?? "").quoted) after the recipe, expected a thread count of 1 or more"
            + " (the output comes before the recipe)")
      }
      let name = types.names != nil ? "{name}-{FTYPE}.gguf" : "ggml-model-\(choice.spelling).gguf"
      return PositionalArguments(
        output: path ?? Path.join(Path.folder(of: source), name), recipes: choice.recipes, threadCount: threadCount)
    }
  }

  /// The choice of `--types` or of a size; nil without them.
  private var choiceOfOptions: Choice? {
    get throws {
      let sizeOption = size.option
      guard let names = types.names else {
        return size.label.map { Choice(recipes: [], spelling: $0, option: sizeOption) }
      }
      if let sizeOption { throw ValidationError("\(sizeOption) chooses the formats of one file (leave out --types)") }
      let found = try names.map { try Self.recipe($0) }
      if let name = found.map({ $0.recipe.name }).firstRepeated { throw ValidationError("--types lists \(name) twice") }
      return Choice(recipes: found.map { $0.recipe }, spelling: found[0].spelling, option: "--types")
    }
  }

  /// The recipe that comes first in `arguments`.
  private func recipe(in arguments: inout ArraySlice<String>) throws -> Choice {
    guard let type = arguments.popFirst() else {
      throw ValidationError("expected the name or number of a recipe, such as Q4_K_M (ingot formats lists them)")
    }
    let found = try Self.recipe(type)
    return Choice(recipes: [found.recipe], spelling: found.spelling)
  }

  private static func recipe(_ type: String) throws -> (recipe: Recipe, spelling: String) {
    if let found = Recipe.find(type) { return found }
    let advice = type.nearest(among: Recipe.names).map { "did you mean \($0.quoted)?" }
    throw ValidationError("\(type.quoted) is not a recipe (\(advice ?? "ingot formats lists them"))")
  }
}
