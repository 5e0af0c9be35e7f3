import Architectures
@testable import Inference
import Testing

@Suite("An expert router")
struct ExpertRouterTests {
  static func experts(
    _ count: Int, using used: Int, change: (inout Hyperparameters.Experts) -> Void = { _ in }
  ) -> Hyperparameters.Experts {
    var experts = Hyperparameters.Experts(count: count, usedCount: used, feedForwardLength: 8)
    change(&experts)
    return experts
  }

  @Test("gives the chosen experts weights that add up to 1")
  func normalized() {
    let choice = ExpertRouter.choose([1, 3, 2, 0], Self.experts(4, using: 2))
    #expect(choice.map(\.expert) == [1, 2])
    #expect((choice[0].weight + choice[1].weight - 1).magnitude < 1e-6)
    #expect((choice[0].weight / choice[1].weight - 2.718_281_8).magnitude < 1e-5)
  }

  @Test("keeps their shares of all without normalizing")
  func notNormalized() {
    let choice = ExpertRouter.choose([0, 0, 0, 0], Self.experts(4, using: 2) { $0.normalizesWeights = false })
    #expect(choice.map(\.expert) == [0, 1])
    #expect(choice.allSatisfy { $0.weight == 0.25 })
  }

  @Test("leaves out groups without a good expert")
  func groups() {
    // Experts 2 and 3 are better than 5, but theirs is the worst of the three groups.
    let choice = ExpertRouter.choose(
      [5, 0, 3, 3.5, 4, 2][...],
      Self.experts(6, using: 3) {
        $0.groupCount = 3
        $0.usedGroupCount = 2
      })
    #expect(choice.map(\.expert) == [0, 4, 5])
  }

  @Test("multiplies the weights by a scale")
  func scale() {
    let choice = ExpertRouter.choose([1, 1], Self.experts(2, using: 2) { $0.weightScale = 16 })
    #expect(choice.map(\.weight) == [8, 8])
  }
}
