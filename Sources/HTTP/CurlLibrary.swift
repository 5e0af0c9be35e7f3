import CCurl

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The functions of libcurl, loaded from the system when the first request is made. All may be called from any thread.
struct CurlLibrary: @unchecked Sendable {
  let makeHandle: @convention(c) () -> UnsafeMutableRawPointer?
  let closeHandle: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let perform: @convention(c) (UnsafeMutableRawPointer?) -> Int32
  let wording: @convention(c) (Int32) -> UnsafePointer<CChar>?
  let appendToList: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> UnsafeMutableRawPointer?
  let freeList: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let setOption: curl_variadic_function
  let getInfo: curl_variadic_function

  /// File names of the library, the first that is there is taken: OpenSSL's build, GnuTLS's, macOS's.
  static let names = ["libcurl.so.4", "libcurl-gnutls.so.4", "/usr/lib/libcurl.4.dylib"]

  /// The library; nil if the system has none.
  static let loaded: CurlLibrary? = load(names)

  /// Whether the program has all libraries in itself, glibc too, which then cannot load others safely.
  static let isStatic = curl_has_no_loader() != 0

  static func load(_ names: [String]) -> CurlLibrary? {
    if isStatic { return nil }
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL), let library = CurlLibrary(handle) { return library }
    }
    return nil
  }

  private init?(_ handle: UnsafeMutableRawPointer) {
    func symbol<Function>(_ name: String, _ type: Function.Type) -> Function? {
      dlsym(handle, name).map { unsafeBitCast($0, to: type) }
    }
    typealias Initializer = @convention(c) (Int) -> Int32
    guard let initialize = symbol("curl_global_init", Initializer.self),
      initialize(CurlConstant.initializesAll) == CurlCode.ok,
      let makeHandle = symbol("curl_easy_init", (@convention(c) () -> UnsafeMutableRawPointer?).self),
      let closeHandle = symbol("curl_easy_cleanup", (@convention(c) (UnsafeMutableRawPointer?) -> Void).self),
      let perform = symbol("curl_easy_perform", (@convention(c) (UnsafeMutableRawPointer?) -> Int32).self),
      let wording = symbol("curl_easy_strerror", (@convention(c) (Int32) -> UnsafePointer<CChar>?).self),
      let appendToList = symbol(
        "curl_slist_append",
        (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> UnsafeMutableRawPointer?).self),
      let freeList = symbol("curl_slist_free_all", (@convention(c) (UnsafeMutableRawPointer?) -> Void).self),
      let setOption = dlsym(handle, "curl_easy_setopt"), let getInfo = dlsym(handle, "curl_easy_getinfo")
    else { return nil }
    self.makeHandle = makeHandle
    self.closeHandle = closeHandle
    self.perform = perform
    self.wording = wording
    self.appendToList = appendToList
    self.freeList = freeList
    self.setOption = unsafeBitCast(setOption, to: curl_variadic_function.self)
    self.getInfo = unsafeBitCast(getInfo, to: curl_variadic_function.self)
  }
}
