import Testing

@testable import Architectures

@Suite("The normal distribution")
struct NormalDistributionTests {
  /// Of `torch.distributions.Normal(0, 1).icdf` in float32.
  static let quantiles: [(share: Double, quantile: Double)] = [
    (0.0, -.infinity), (1e-07, -5.2201128005981445), (0.001, -3.090236186981201), (0.05, -1.6448535919189453),
    (0.25, -0.6744897365570068), (0.5, 0.0), (0.6, 0.25334715843200684), (0.75, 0.6744897365570068),
    (0.9, 1.281551480293274), (0.95, 1.6448535919189453), (0.99, 2.326348304748535), (0.999, 3.090236186981201),
    (0.9999999, 5.16657829284668), (1.0, .infinity),
  ]

  @Test("has torch's quantiles", arguments: quantiles)
  func quantile(share: Double, quantile: Double) {
    #expect(NormalDistribution.quantile(share).map { Float($0) } == Float(quantile))
  }

  @Test("gives the share back as the shortest decimal", arguments: quantiles)
  func share(share: Double, quantile: Double) {
    #expect(NormalDistribution.share(below: quantile) == share)
  }

  @Test("gives back every share of three digits")
  func shares() {
    for thousandths in 0...1000 {
      let share = Double(thousandths) / 1000
      #expect(NormalDistribution.quantile(share).flatMap(NormalDistribution.share) == share)
    }
  }

  @Test("gives a share to a number that no decimal has as its quantile")
  func between() throws {
    let share = try #require(NormalDistribution.share(below: 0.123456789))
    #expect(abs(share - 0.549127) < 1e-6)
    #expect(NormalDistribution.share(below: .infinity) == 1 && NormalDistribution.share(below: -40) == 0)
  }

  @Test("has no quantiles outside of 0 to 1", arguments: [-0.1, 1.1, .nan, .infinity])
  func outside(share: Double) {
    #expect(NormalDistribution.quantile(share) == nil)
  }

  @Test("has no share of what is not a number")
  func notANumber() {
    #expect(NormalDistribution.share(below: .nan) == nil)
  }
}
