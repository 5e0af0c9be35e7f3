import Bytes
import TestSupport
import Tensors
import Testing

@testable import Quantization

/// The choices of recipes against llama-quantize, for mixtures of experts and where an importance matrix matters.
@Suite("The choice of a recipe")
struct RecipeChoiceTests {
  static let cases: [JSON] = (try? Fixtures.json("recipes", "choices.json"))?.array ?? []

  @Test("is tested for every recipe")
  func allRecipes() {
    #expect(Set(Self.cases.compactMap { $0["recipe"]?.string }) == Set(Recipe.all.map(\.name)))
    #expect(Set(Self.cases.compactMap { $0["shape"]?["name"]?.string }).count == 6)
    #expect(Self.cases.contains { $0["hasImportance"] == .bool(true) })
  }

  @Test("is that of llama-quantize", arguments: cases)
  func choices(item: JSON) throws {
    let recipe = try #require(Recipe.named(item["recipe"]?.string ?? ""))
    let shape = try #require(item["shape"])
    let formats = try #require(item["formats"]?.object)
    let layerCount = number(shape, "layers"), expertCount = number(shape, "experts")
    let model = Recipe.ModelContext(
      headsPerKeyValueHead: number(shape, "heads") / number(shape, "keyValueHeads"), expertCount: expertCount,
      tiesEmbeddings: shape["isTied"] == .bool(true), hasImportance: item["hasImportance"] == .bool(true))

    var ordinals: [Recipe.Kind: Int] = [:]
    for layer in 0..<layerCount {
      for name in formats.keys.map({ "\($0)" }).sorted() {
        guard let kind = kind(name), layer == 0 || name.hasPrefix("blk") else { continue }
        let ordinal = ordinals[kind, default: 0]
        ordinals[kind] = ordinal + 1
        let isFeedForward = [.feedForwardGate, .feedForwardUp, .feedForwardDown].contains(kind)
        let choice = recipe.choice(
          for: Recipe.MatrixContext(
            kind: kind, rowElementCount: 256, position: isFeedForward && expertCount > 1 ? layer : ordinal,
            count: layerCount, ordinal: ordinal, stackedCount: name.contains("_exps") ? expertCount : 1),
          in: model)
        let expected = item["formats"]?[name]
        let format = expected?.string ?? expected?.array?[layer].string
        #expect(
          (choice?.format ?? .f32).name == format, "\(recipe.name) layer \(layer) \(name): \(choice?.rule ?? "kept")")
      }
    }
  }

  @Test("of very low bits needs importance except in embeddings")
  func veryLowBits() throws {
    let recipe = try #require(Recipe.named("IQ2_XS"))
    #expect(recipe.requiresImportance(.iq2_XS, for: .attentionQuery))
    #expect(recipe.requiresImportance(.iq3_XXS, for: .other))
    #expect(!recipe.requiresImportance(.iq3_S, for: .attentionQuery))
    #expect(!recipe.requiresImportance(.iq2_XS, for: .tokenEmbedding))
    #expect(!recipe.requiresImportance(.iq2_XS, for: .output))
    #expect(!recipe.requiresImportance(.q2_K, for: .attentionQuery))
    #expect(try #require(Recipe.named("Q2_K_S")).requiresImportance(.q2_K, for: .attentionQuery))
  }

  private func number(_ shape: JSON, _ key: String) -> Int { shape[key]?.integer ?? 0 }

  /// The kind of a tensor by its name; nil for what recipes are not asked about.
  private func kind(_ name: String) -> Recipe.Kind? {
    guard !name.contains("_norm"), !name.contains("ffn_gate_inp") else { return nil }
    let kinds: KeyValuePairs<String, Recipe.Kind> = [
      "token_embd": .tokenEmbedding, "output": .output, "blk.*.attn_q": .attentionQuery, "blk.*.attn_k": .attentionKey,
      "blk.*.attn_v": .attentionValue, "blk.*.attn_output": .attentionOutput, "blk.*.ffn_gate": .feedForwardGate,
      "blk.*.ffn_up": .feedForwardUp, "blk.*.ffn_down": .feedForwardDown,
    ]
    return kinds.first { name.hasPrefix($0.key) }?.value
  }
}
