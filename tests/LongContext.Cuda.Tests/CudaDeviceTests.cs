namespace LongContext.Cuda.Tests;

public sealed class CudaDeviceTests
{
    [Fact]
    public void IsAvailable_OnAnyMachine_SaysWhyNot()
    {
        Assert.Equal(CudaDevice.Count > 0, CudaDevice.IsAvailable);
        Assert.Equal(CudaDevice.IsAvailable, CudaDevice.UnavailableReason is null);
    }

    [Fact]
    public void Get_NoSuchNumber_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Get(CudaDevice.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Get(-1));
    }

    [Fact]
    public void Get_WithoutGpu_NamesTheReason()
    {
        Assert.SkipWhen(CudaDevice.IsAvailable, "this machine has a GPU");
        Exception e = Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Get(0));
        Assert.Contains(CudaDevice.UnavailableReason!, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_FirstGpu_IsDescribed()
    {
        Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
        CudaDevice device = CudaDevice.Get(0);
        Assert.NotEmpty(device.Name);
        Assert.True(device.MemoryBytes > 0 && device.MultiprocessorCount > 0 && device.ComputeCapability.Major >= 3);
    }
}
