namespace LongContext.Cuda.Driver;

/// <summary>A kernel, ready to be launched. Thread-safe.</summary>
public sealed unsafe class CudaFunction
{
    /// <summary>Shared memory, static and dynamic together, that a block may have without being asked for beforehand.</summary>
    private const int UnaskedSharedBytes = 48 << 10;
    private const int MostCarveout = 100; // percent

    private readonly CudaContext context;
    private readonly CudaModule module;
    private readonly nint function;
    private readonly Lock gate = new();
    private int allowedSharedBytes; // dynamic
    private bool asked;

    internal CudaFunction(CudaContext context, CudaModule module, string entry, string name)
    {
        this.context = context;
        this.module = module;
        function = module.GetFunction(entry);
        Name = name;
        allowedSharedBytes = UnaskedSharedBytes - StaticSharedBytes;
    }

    /// <summary>Module and entry, for messages.</summary>
    public string Name { get; }

    /// <summary>32-bit registers of a thread, as the driver's assembler gave them.</summary>
    public int Registers => Attribute(FunctionAttributes.Registers);

    /// <summary>Bytes of local memory of a thread: what did not fit the registers, or was indexed at run time. Slow where it is not 0.</summary>
    public int LocalBytes => Attribute(FunctionAttributes.LocalBytes);

    /// <summary>Bytes of static shared memory of a block.</summary>
    public int StaticSharedBytes => Attribute(FunctionAttributes.StaticSharedBytes);

    /// <summary>Puts a launch on a stream and returns at once. Allocates nothing.</summary>
    /// <typeparam name="T">The kernel's one parameter, laid out as the kernel declares it.</typeparam>
    /// <param name="shape">Blocks and threads; an empty grid launches nothing.</param>
    /// <param name="stream">The stream; 0 for the default stream, which is libtorch's too.</param>
    /// <param name="parameters">Copied before this returns.</param>
    /// <exception cref="CudaException">The driver refused the launch; what a kernel does wrong shows at a later call.</exception>
    /// <exception cref="ObjectDisposedException">The context was let go.</exception>
    public void Launch<T>(in LaunchShape shape, nint stream, in T parameters)
        where T : unmanaged
    {
        if (shape.IsEmpty) return;
        if (shape.SharedBytes > Volatile.Read(ref allowedSharedBytes)) Allow(shape.SharedBytes);
        using CurrentContext current = context.Enter();
        int status;
        fixed (T* address = &parameters)
        {
            void* argument = address;
            status = context.Driver.LaunchKernel(
                function, (uint)shape.GridX, (uint)shape.GridY, (uint)shape.GridZ, (uint)shape.BlockX, 1, 1, (uint)shape.SharedBytes, stream, &argument, null);
        }

        GC.KeepAlive(module); // nobody else may have it, and a finalized module is unloaded
        if (status != 0) throw CudaException.FromStatus(context.Driver, status, $"cuLaunchKernel({Name}, {shape})");
    }

    private void Allow(int sharedBytes)
    {
        lock (gate)
        {
            if (sharedBytes <= allowedSharedBytes) return;
            using CurrentContext current = context.Enter();
            CudaException.ThrowIfFailed(
                context.Driver, context.Driver.FunctionSetAttribute(function, FunctionAttributes.MaxDynamicSharedBytes, sharedBytes),
                $"cuFuncSetAttribute({Name}, MAX_DYNAMIC_SHARED_SIZE_BYTES, {sharedBytes})");
            // Such kernels want several blocks a multiprocessor: as much of its memory as can be shall be shared memory, not first-level cache. It is a hint; a refusal is no fault.
            if (!asked) _ = context.Driver.FunctionSetAttribute(function, FunctionAttributes.PreferredSharedMemoryCarveout, MostCarveout);
            asked = true;
            Volatile.Write(ref allowedSharedBytes, sharedBytes);
        }
    }

    private int Attribute(int attribute)
    {
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.FunctionGetAttribute(out int value, attribute, function), $"cuFuncGetAttribute({Name}, {attribute})");
        return value;
    }
}
