using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>
/// Every method of a driver reaches its entry point of the driver's library, with its arguments in order and in full width. Needs a C compiler
/// and no GPU; <see cref="CudaDriverSuite{TDriver}"/> needs a GPU.
/// </summary>
/// <typeparam name="TDriver">The driver.</typeparam>
public abstract class DriverCallsSuite<TDriver>(FakeCudaLibrary library) : IClassFixture<FakeCudaLibrary>
    where TDriver : ICudaDriver
{
    private protected IReadOnlyDictionary<string, string> Calls => library.Calls(typeof(TDriver));

    [Theory]
    [MemberData(nameof(ExpectedDriverCalls.Methods), MemberType = typeof(ExpectedDriverCalls))]
    public void Method_OfTheSeam_ReachesItsEntryPoint(string method, string expected) => Assert.Equal(expected, Calls[method]);

    [Fact]
    public void Context_OverTheDriver_IsMadeAndReleased()
    {
        string[] note = Calls[DriverCalls.Context].Split(" → ");
        string[] calls = note[0].Split(';');
        Assert.Equal(["cuInit(0)", "cuDeviceGet(0)", "cuDevicePrimaryCtxRetain(0)"], calls[..3]);
        Assert.Equal("cuDevicePrimaryCtxRelease_v2(0)", calls[^1]);
        Assert.Equal("75.76", note[1]);
    }

    [Fact]
    public void LaunchKernel_InSteadyState_AllocatesNothing() => Assert.EndsWith(" → 0", Calls[DriverCalls.Allocations], StringComparison.Ordinal);
}
