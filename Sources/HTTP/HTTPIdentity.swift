/// What a server says of a file's content, to notice that it changed.
public struct HTTPIdentity: Hashable, Sendable {
  /// The tag and the time of the content, as far as the server names them.
  public let entityTag: String?, lastModified: String?
  /// The bytes of the whole file, if the answer names them.
  public let byteCount: Int?

  /// Whether both answers can be of one content: what both name is the same.
  func allows(_ other: HTTPIdentity) -> Bool {
    func agree<Fact: Equatable>(_ one: Fact?, _ two: Fact?) -> Bool { one == nil || two == nil || one == two }
    return agree(byteCount, other.byteCount) && agree(entityTag, other.entityTag)
      && (entityTag != nil && other.entityTag != nil || agree(lastModified, other.lastModified))
  }
}

extension HTTPResponse {
  /// What this answer says of the content of the file.
  public var identity: HTTPIdentity {
    HTTPIdentity(
      entityTag: entityTag, lastModified: lastModified,
      byteCount: status == 200 ? contentLength : contentRange?.total)
  }
}
