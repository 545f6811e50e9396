using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>A retained primary context.</summary>
internal sealed class PrimaryContextHandle : SafeHandle
{
    private readonly ICudaDriver driver;
    private readonly int device;

    public PrimaryContextHandle(ICudaDriver driver, int ordinal)
        : base(0, ownsHandle: true)
    {
        this.driver = driver;
        CudaException.ThrowIfFailed(driver, driver.DeviceGet(out device, ordinal), $"cuDeviceGet({ordinal})");
        CudaException.ThrowIfFailed(driver, driver.PrimaryContextRetain(out nint context, device), $"cuDevicePrimaryCtxRetain({ordinal})");
        SetHandle(context);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The context; valid while this is not disposed.</summary>
    public nint Value => handle;

    protected override bool ReleaseHandle() => driver.PrimaryContextRelease(device) == 0;
}
