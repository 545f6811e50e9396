using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using LongContext.TestSupport;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>
/// fake_cuda.c, compiled, in the place of NVIDIA's driver for a second copy of this library's assemblies: the real driver, where there is
/// one, stays the one of all other tests.
/// </summary>
public sealed class FakeCudaLibrary : IDisposable
{
    private const string Source = "fake_cuda.c";
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<Type, IReadOnlyDictionary<string, string>> calls = new();
    private readonly Lazy<string?> missing;

    public FakeCudaLibrary()
    {
        missing = new(Compile);
    }

    private string LibraryPath => folder["fake_cuda.so"];

    /// <summary>What <see cref="DriverCalls"/> finds over a driver of this type; the test is skipped where no C compiler is.</summary>
    internal IReadOnlyDictionary<string, string> Calls(Type driver)
    {
        Assert.SkipWhen(missing.Value is not null, missing.Value ?? "");
        return calls.GetOrAdd(driver, type =>
        {
            // Its own copy of the library: another driver's calls are noted in another place.
            string own = folder[type.Name + ".so"];
            File.Copy(LibraryPath, own);
            var copy = new Copy(own);
            return (IReadOnlyDictionary<string, string>)copy.Of(typeof(DriverCalls)).GetMethod(nameof(DriverCalls.Run))!.Invoke(null, [copy.Of(type), copy.Library])!;
        });
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Null, or why there is no library.</summary>
    private string? Compile()
    {
        if (OperatingSystem.IsWindows()) return "the fake driver is compiled with cc, which Windows does not have";
        using Stream source = typeof(FakeCudaLibrary).Assembly.GetManifestResourceStream(Source)!;
        using (FileStream file = File.Create(folder[Source])) source.CopyTo(file);
        var start = new ProcessStartInfo("cc", ["-std=c11", "-O1", "-w", "-fPIC", "-shared", "-o", LibraryPath, folder[Source]]) { RedirectStandardError = true };
        try
        {
            using Process compiler = Process.Start(start)!;
            string faults = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.True(compiler.ExitCode == 0, faults);
            return null;
        }
        catch (Win32Exception)
        {
            return "no C compiler (cc) on this machine";
        }
    }

    /// <summary>This library's assemblies, loaded once more; they find the fake where they look for the driver's file.</summary>
    private sealed class Copy : AssemblyLoadContext
    {
        private readonly string path;

        public Copy(string path)
        {
            this.path = path;
            Library = NativeLibrary.Load(path);
        }

        public nint Library { get; }

        /// <summary>The copy's type of the same name.</summary>
        public Type Of(Type type) => LoadFromAssemblyName(type.Assembly.GetName()).GetType(type.FullName!, throwOnError: true)!;

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            string name = assemblyName.Name!;
            bool own = name.StartsWith("LongContext", StringComparison.Ordinal) || name == "ManagedCuda";
            return own ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name + ".dll")) : null;
        }

        // Other names are left to fail, so that looking for another file first does no harm; but where there is a driver, they would find it.
        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            unmanagedDllName == "libcuda.so.1" || (CudaDevice.IsAvailable && unmanagedDllName.Contains("cuda", StringComparison.Ordinal))
                ? NativeLibrary.Load(path)
                : 0;
    }
}
