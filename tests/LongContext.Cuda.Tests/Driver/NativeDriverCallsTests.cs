using System.Reflection;
using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>NVIDIA's driver as this library declares it.</summary>
public sealed class NativeDriverCallsTests(FakeCudaLibrary library) : DriverCallsSuite<NativeCudaDriver>(library)
{
    [Theory]
    [MemberData(nameof(ExpectedDriverCalls.BesideTheSeam), MemberType = typeof(ExpectedDriverCalls))]
    public void Method_BesideTheSeam_ReachesItsEntryPoint(string method, string expected) => Assert.Equal(expected, Calls[method]);

    [Fact]
    public void EntryPoints_OfNativeMethods_AreAllCalled()
    {
        // LibraryImport's generated code imports some methods directly and others by a local function, both in the same class.
        const BindingFlags all = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        IEnumerable<string> imported = typeof(NativeMethods).GetMethods(all)
            .Select(method => method.GetCustomAttribute<DllImportAttribute>()?.EntryPoint).OfType<string>();
        IEnumerable<string> called = Calls.Values.SelectMany(note => note.Split(" → ")[0].Split(';')).Select(call => call.Split('(')[0]).Distinct();
        Assert.Equal(imported.Order(), called.Order());
    }
}
