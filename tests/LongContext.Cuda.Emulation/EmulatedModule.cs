using System.Runtime.InteropServices;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation;

/// <summary>A loaded PTX file: its kernels decoded, its variables placed.</summary>
internal sealed unsafe class EmulatedModule : IDisposable
{
    private readonly DeviceMemory memory;
    private readonly List<nint> globals = [];

    public EmulatedModule(PtxModule module, DeviceMemory memory)
    {
        this.memory = memory;
        var addresses = new Dictionary<PtxVariable, long>();
        int bytes = 0;
        foreach (PtxVariable variable in module.Variables.Where(x => x.Space == PtxSpace.Constant))
        {
            bytes = (bytes + variable.Alignment - 1) / variable.Alignment * variable.Alignment;
            addresses[variable] = bytes;
            bytes += (int)variable.Bytes;
        }
        if (bytes > 65536)
            throw new PtxException(module.File, 1, $"{bytes} bytes of constants, at most 65536 are allowed");
        ConstantBytes = bytes;
        Constants = (nint)NativeMemory.AllocZeroed((nuint)bytes + 16);
        foreach (PtxVariable variable in module.Variables)
        {
            if (variable.Space == PtxSpace.Constant && variable.Initial is not null)
                variable.Initial.CopyTo(new Span<byte>((void*)(Constants + (nint)addresses[variable]), variable.Initial.Length));
            if (variable.Space != PtxSpace.Global)
                continue;
            nint at = memory.Allocate((nuint)variable.Bytes);
            globals.Add(at);
            var target = new Span<byte>((void*)at, (int)variable.Bytes);
            target.Clear();
            variable.Initial?.CopyTo(target);
            memory.MarkWritten(at, variable.Bytes);
            addresses[variable] = at;
        }
        foreach (PtxKernel kernel in module.Kernels.Values)
            Kernels.Add(kernel.Name, KernelBuilder.Build(module, kernel, addresses));
    }

    public Dictionary<string, KernelCode> Kernels { get; } = [];

    public nint Constants { get; private set; }

    public int ConstantBytes { get; }

    public void Dispose()
    {
        NativeMemory.Free((void*)Constants);
        Constants = 0;
        foreach (nint global in globals)
            memory.Free(global);
    }
}
