import Architectures

extension ForwardPassFeatures.Output {
  /// The output in reports and findings.
  var words: String { rawValue }
}
