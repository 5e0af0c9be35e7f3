import Bytes

/// Members of `quantization_config` that nothing is read from.
enum UnreadMembers {
  /// The remark that names them; nil if there are none.
  static func remark(_ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    return "quantization_config has members that are not read: \(names.map(\.quoted).joined(separator: ", "))"
  }
}

extension EncodedCheckpoint {
  /// The same checkpoint with a remark on members that nothing is read from, if there are any.
  ///
  /// - Parameter place: the file and the key path of the object that has the members.
  func noting(unread names: [String], of place: String) -> EncodedCheckpoint {
    guard !names.isEmpty else { return self }
    let shown = names.prefix(4).map(\.quoted).joined(separator: ", ")
    let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
    let remark = "\(place): \(shown)\(rest) \(names.count == 1 ? "is" : "are") not read"
    return adding(remarks: [remark])
  }

  /// The same checkpoint with further remarks.
  func adding(remarks: [String]) -> EncodedCheckpoint {
    remarks.isEmpty
      ? self
      : EncodedCheckpoint(checkpoint.replacing(tensors: checkpoint.tensors, remarks: remarks), problems: problems)
  }
}
