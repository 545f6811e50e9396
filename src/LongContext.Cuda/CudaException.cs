using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda;

/// <summary>A call of the CUDA driver failed; the message has the call, the status and the driver's own words.</summary>
public sealed class CudaException : Exception
{
    private CudaException(int status, string message)
        : base(message)
    {
        Status = status;
    }

    /// <summary>The driver's status (CUresult).</summary>
    public int Status { get; }

    /// <exception cref="CudaException">The status is not success.</exception>
    internal static void ThrowIfFailed(ICudaDriver driver, int status, string call)
    {
        if (status != 0) throw FromStatus(driver, status, call);
    }

    internal static CudaException FromStatus(ICudaDriver driver, int status, string call, string? log = null)
    {
        string name = driver.GetErrorName(status, out nint nameText) == 0 ? Marshal.PtrToStringUTF8(nameText) ?? "?" : "unknown status";
        string text = driver.GetErrorString(status, out nint words) == 0 ? Marshal.PtrToStringUTF8(words) ?? "?" : "no description";
        return new CudaException(status, $"{call} failed with {name} ({status}): {text}.{(string.IsNullOrWhiteSpace(log) ? "" : " " + log.Trim())}");
    }
}
