/// The known faults.
public enum FaultRegistry {
  /// The faults in the order in which they are looked for.
  static let all: [any KnownFault] = [
    TiedOutputFault(),
    RotaryPermutationFault(),
    FusionOrderFault(),
    HeadTilesFault(),
    NormOffsetFault(),
    NegativeExponentialFault(),
    ScaleFault(),
    TransposedFault(),
    SwappedFault(),
    RowsFault(),
    WeightsFault(),
    RotaryBaseFault(),
    RotaryScalingFault(),
    NormEpsilonFault(),
    OtherHyperparametersFault(),
  ]

  /// The faults and what is wrong, a row each, as the documentation shows them.
  public static var table: ReportTable {
    ReportTable(
      columns: [.left("fault"), .left("what is wrong")],
      rows: all.map { ["`\($0.id)`", $0.summary] })
  }
}
