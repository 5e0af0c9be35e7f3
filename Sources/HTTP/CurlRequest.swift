import CCurl

/// One request on a handle of libcurl, which keeps its connection for the next.
struct CurlRequest {
  private let curl: CurlLibrary
  private let handle: UnsafeMutableRawPointer
  private let settings: HTTPSettings

  init(_ curl: CurlLibrary, _ handle: UnsafeMutableRawPointer, _ settings: HTTPSettings) {
    self.curl = curl
    self.handle = handle
    self.settings = settings
  }

  func perform(
    _ address: String, fields: [String], range: ClosedRange<Int>?, _ transfer: Transfer
  ) -> Result<HTTPResponse, HTTPFault> {
    setConnection(isSecure: address.hasPrefix("https:"))
    // Compressed answers have other offsets.
    var list = curl.appendToList(nil, "Accept-Encoding: identity")
    for field in fields { list = curl.appendToList(list, field) }
    defer { curl.freeList(list) }
    set(.headerFields, list)
    set(.url, address)
    // libcurl copies texts; nil means the whole file.
    if let range {
      set(.range, "\(range.lowerBound)-\(range.upperBound)")
    } else {
      set(.range, nil as UnsafeMutableRawPointer?)
    }
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    set(.writeData, context)
    set(.headerData, context)
    var message = [CChar](repeating: 0, count: CurlConstant.messageByteCount)
    let code = message.withUnsafeMutableBytes { bytes in
      set(.errorBuffer, bytes.baseAddress)
      defer { set(.errorBuffer, nil as UnsafeMutableRawPointer?) }
      return withExtendedLifetime(transfer) { curl.perform(handle) }
    }
    return result(of: code, transfer, message: message)
  }

  private func setConnection(isSecure: Bool) {
    set(.noSignals, 1)
    set(.followsRedirects, 1)
    set(.maximumRedirects, 10)
    let secure = CurlConstant.https, plain = CurlConstant.http
    set(.protocols, secure | plain)
    // A redirect never gives up encryption.
    set(.redirectProtocols, isSecure ? secure : secure | plain)
    set(.connectTimeout, settings.timeout)
    set(.lowSpeedLimit, 1)
    set(.lowSpeedTime, settings.timeout)
    set(.userAgent, "ingot")
    if let certificates = settings.certificates { set(.certificateFile, certificates) }
    set(.writeFunction) { bytes, size, count, context in
      UInt(CurlRequest.transfer(context)?.receive(body: CurlRequest.bytes(bytes, size, count)) ?? 0)
    }
    set(.headerFunction) { bytes, size, count, context in
      UInt(CurlRequest.transfer(context)?.receive(head: CurlRequest.bytes(bytes, size, count)) ?? 0)
    }
  }

  private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func bytes(_ start: UnsafeMutablePointer<CChar>?, _ size: UInt, _ count: UInt)
    -> UnsafeRawBufferPointer
  {
    UnsafeRawBufferPointer(start: start, count: Int(size * count))
  }

  private func result(of code: Int32, _ transfer: Transfer, message: [CChar]) -> Result<HTTPResponse, HTTPFault> {
    if let fault = transfer.fault { return .failure(fault) }
    guard code == CurlCode.ok || transfer.isCutOff else {
      let words = wording(code, message)
      switch code {
      case CurlCode.unsupportedProtocol, CurlCode.invalidAddress, CurlCode.tooManyRedirects,
        CurlCode.untrustedCertificate, CurlCode.unreadableCertificateFile:
        return .failure(.address(words))
      default: return .failure(.connection(words))
      }
    }
    // A range that begins at the end of the file: no bytes are there.
    guard (200..<300).contains(transfer.status) || transfer.isBeyondEnd else {
      return .failure(.status(transfer.status, reason: transfer.reasonText))
    }
    var address: UnsafePointer<CChar>?
    _ = curl_get_text(curl.getInfo, handle, CurlConstant.effectiveAddress, &address)
    return .success(transfer.response(from: address.map { String(cString: $0) } ?? ""))
  }

  private func wording(_ code: Int32, _ message: [CChar]) -> String {
    let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.isEmpty ? curl.wording(code).map { String(cString: $0) } ?? "error \(code)" : text
  }
}

extension CurlRequest {
  private func set(_ option: CurlOption, _ value: Int) {
    _ = curl_set_long(curl.setOption, handle, option.rawValue, value)
  }
  private func set(_ option: CurlOption, _ value: String) {
    _ = curl_set_text(curl.setOption, handle, option.rawValue, value)
  }
  private func set(_ option: CurlOption, _ value: curl_data_function) {
    _ = curl_set_function(curl.setOption, handle, option.rawValue, value)
  }
  private func set(_ option: CurlOption, _ value: UnsafeMutableRawPointer?) {
    _ = curl_set_pointer(curl.setOption, handle, option.rawValue, value)
  }
}
