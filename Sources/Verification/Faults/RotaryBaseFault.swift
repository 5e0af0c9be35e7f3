/// The base of the rotary embedding differs.
struct RotaryBaseFault: KnownFault {
  let id = FaultID.rotaryBase
  let summary = "the RoPE base differs, or that of the layers with a sliding window"
  let detection = FaultDetection.hyperparameters

  var hyperparameters: [HyperparameterProbe] {
    [
      HyperparameterProbe("rotary base", \.rotary.base) { "\(Float($0))" },
      HyperparameterProbe("local rotary base", \.localRotaryBase),
    ]
  }
}

extension FaultID {
  public static let rotaryBase = Self("rotary_base")
}
