using System.Runtime.InteropServices;

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

    internal static CudaException FromStatus(int status, string call)
    {
        string name = CudaDriver.GetErrorName(status, out nint nameText) == 0 ? Marshal.PtrToStringUTF8(nameText) ?? "?" : "unknown status";
        string text = CudaDriver.GetErrorString(status, out nint words) == 0 ? Marshal.PtrToStringUTF8(words) ?? "?" : "no description";
        return new CudaException(status, $"{call} failed with {name} ({status}): {text}.");
    }
}
