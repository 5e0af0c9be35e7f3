import Bytes

extension EncodedCheckpoint {
  /// The same checkpoint with a remark on members that nothing is read from, if there are any.
  ///
  /// - Parameter place: the file and the key path of the object that has the members.
  func noting(unread names: [String], of place: String) -> EncodedCheckpoint {
    guard !names.isEmpty else { return self }
    let shown = names.prefix(4).map(\.quoted).joined(separator: ", ")
    let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
    let remark = "\(place): \(shown)\(rest) \(names.count == 1 ? "is" : "are") not read"
    return EncodedCheckpoint(
      checkpoint.replacing(tensors: checkpoint.tensors, remarks: [remark]), problems: problems)
  }
}
