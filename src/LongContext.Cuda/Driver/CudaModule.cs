using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Cuda.Driver;

/// <summary>A loaded piece of PTX.</summary>
internal sealed unsafe class CudaModule : SafeHandle
{
    private const int LogBytes = 8192;
    private readonly CudaContext context;

    /// <exception cref="CudaException">The driver does not take it; the message has its assembler's words.</exception>
    public CudaModule(CudaContext context, string name, ReadOnlySpan<byte> image)
        : base(0, ownsHandle: true)
    {
        this.context = context;
        if (image.IsEmpty || image[^1] != 0) throw new ArgumentException("The PTX text must end with a zero byte.", nameof(image));
        byte[] log = new byte[LogBytes];
        using CurrentContext current = context.Enter();
        fixed (byte* text = image, logText = log)
        {
            int status = context.Driver.ModuleLoadData(out nint module, text, logText, LogBytes);
            if (status != 0)
                throw CudaException.FromStatus(context.Driver, status, $"cuModuleLoadDataEx({name})", Encoding.UTF8.GetString(log).TrimEnd('\0'));
            context.Hold();
            SetHandle(module);
        }
    }

    public override bool IsInvalid => handle == 0;

    public nint GetFunction(string name)
    {
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.ModuleGetFunction(out nint function, handle, name), $"cuModuleGetFunction({name})");
        return function;
    }

    protected override bool ReleaseHandle() => context.Free(handle, static (driver, held) => driver.ModuleUnload(held));
}
