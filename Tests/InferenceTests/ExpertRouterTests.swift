import Architectures
@testable import Inference
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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

  // MARK: - Functions, and the bias of selection

  /// The plain formula: every subset of the experts that may be chosen, of which the one with the greatest merits wins.
  static func reference(
    _ logits: [Float], _ bias: [Float], _ experts: Hyperparameters.Experts
  ) -> [Int: Double] {
    let shares = logits.map { 1 / (1 + exp(-Double($0))) }
    let merits = zip(shares, bias).map { $0 + Double($1) }
    let length = experts.count / experts.groupCount
    func subsets(_ items: [Int], _ count: Int) -> [[Int]] {
      guard count > 0 else { return [[]] }
      return items.indices.flatMap { first in
        subsets(Array(items[(first + 1)...]), count - 1).map { [items[first]] + $0 }
      }
    }
    func merit(of group: Int) -> Double {
      let members = Array(group * length..<(group + 1) * length)
      return subsets(members, min(experts.groupMeritCount, length)).map { $0.reduce(0) { $0 + merits[$1] } }.max() ?? 0
    }
    let groups =
      subsets(Array(0..<experts.groupCount), experts.usedGroupCount)
      .max { $0.map(merit).reduce(0, +) < $1.map(merit).reduce(0, +) } ?? []
    let candidates = groups.flatMap { $0 * length..<($0 + 1) * length }
    let chosen =
      subsets(candidates, experts.usedCount)
      .max { $0.map { merits[$0] }.reduce(0, +) < $1.map { merits[$0] }.reduce(0, +) } ?? []
    let sum = experts.normalizesWeights ? chosen.reduce(0) { $0 + shares[$1] } : 1
    return Dictionary(uniqueKeysWithValues: chosen.map { ($0, shares[$0] / sum * experts.weightScale) })
  }

  static let groupings: [(count: Int, used: Int, groups: Int, usedGroups: Int)] = [
    (8, 3, 4, 2), (8, 4, 4, 4), (8, 2, 1, 1), (6, 2, 3, 1), (4, 4, 2, 2), (4, 2, 4, 3),
  ]

  @Test("is the plain formula with a sigmoid, groups and a bias", arguments: groupings)
  func sigmoid(count: Int, used: Int, groups: Int, usedGroups: Int) {
    var generator = SeededGenerator(seed: UInt64(count * 100 + groups))
    for round in 0..<50 {
      let experts = Self.experts(count, using: used) {
        ($0.groupCount, $0.usedGroupCount, $0.groupMeritCount) = (groups, usedGroups, 2)
        ($0.routerFunction, $0.weightScale, $0.normalizesWeights) = (.sigmoid, 2.5, round % 2 == 0)
      }
      let logits = (0..<count).map { _ in Float.random(in: -4...4, using: &generator) }
      let bias = (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
      let choice = ExpertRouter.choose(logits[...], experts, selectionBias: bias)
      let expected = Self.reference(logits, bias, experts)
      #expect(Set(choice.map(\.expert)) == Set(expected.keys))
      #expect(choice.allSatisfy { (Double($0.weight) - (expected[$0.expert] ?? .infinity)).magnitude < 1e-5 })
    }
  }

  @Test("chooses by the bias, and weighs without it")
  func overturned() {
    let experts = Self.experts(3, using: 1) { $0.routerFunction = .sigmoid }
    #expect(ExpertRouter.choose([2, 1, 0], experts).map(\.expert) == [0])
    let choice = ExpertRouter.choose([2, 1, 0], experts, selectionBias: [0, 0, 1])
    #expect(choice.map(\.expert) == [2] && choice.map(\.weight) == [1])
    let shares = ExpertRouter.choose(
      [2, 1, 0],
      Self.experts(3, using: 1) { ($0.routerFunction, $0.normalizesWeights) = (.sigmoid, false) },
      selectionBias: [0, 0, 1])
    #expect(shares.map(\.weight) == [0.5])
  }

  @Test("leaves a group out though its bias is negative everywhere else")
  func negativeMerits() {
    let experts = Self.experts(4, using: 2) {
      ($0.groupCount, $0.usedGroupCount, $0.groupMeritCount, $0.routerFunction) = (2, 1, 2, .sigmoid)
    }
    let choice = ExpertRouter.choose([3, -3, 1, 1], experts, selectionBias: [-2, -2, -2, -2])
    #expect(choice.map(\.expert) == [2, 3])
  }

  @Test("takes the lowest index of equals", arguments: Hyperparameters.RouterFunction.allCases)
  func ties(function: Hyperparameters.RouterFunction) {
    let experts = Self.experts(6, using: 2) {
      ($0.groupCount, $0.usedGroupCount, $0.groupMeritCount, $0.routerFunction) = (3, 2, 2, function)
    }
    let choice = ExpertRouter.choose([1, 1, 1, 1, 1, 1], experts, selectionBias: [0, 0, 0, 0, 0, 0])
    #expect(choice.map(\.expert) == [0, 1])
    #expect(choice.map(\.weight) == [0.5, 0.5])
  }

  @Test("has finite weights for huge logits", arguments: Hyperparameters.RouterFunction.allCases)
  func huge(function: Hyperparameters.RouterFunction) {
    for logits: [Float] in [[1e30, -1e30, 5, 0], [-1e30, -1e30, -1e30, -1e30], [200, 150, -150, -200]] {
      let experts = Self.experts(4, using: 2) { $0.routerFunction = function }
      let choice = ExpertRouter.choose(logits[...], experts)
      #expect(choice.count == 2 && choice.allSatisfy { $0.weight.isFinite && $0.weight >= 0 })
    }
  }

  @Test("takes the softmax of the chosen logits alone")
  func softmaxOfChosen() {
    let choice = ExpertRouter.choose([1, 9, 8, 0], Self.experts(4, using: 2) { $0.routerFunction = .softmaxOfChosen })
    #expect(choice.map(\.expert) == [1, 2])
    #expect((choice[0].weight - 0.731_058_6).magnitude < 1e-6 && (choice[1].weight - 0.268_941_4).magnitude < 1e-6)
  }

  @Test("takes the root of the softplus")
  func sqrtSoftplus() {
    let choice = ExpertRouter.choose(
      [0, 30, -30][...],
      Self.experts(3, using: 3) { ($0.routerFunction, $0.normalizesWeights) = (.sqrtSoftplus, false) })
    #expect(choice.map(\.expert) == [1, 0, 2])
    for (found, expected) in zip(choice.map(\.weight), [sqrt(30), sqrt(log(2)), 3.059e-7]) {
      #expect((Double(found) - expected).magnitude < 1e-5)
    }
  }
}
