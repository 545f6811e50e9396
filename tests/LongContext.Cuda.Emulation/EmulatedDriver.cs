using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation;

/// <summary>
/// The driver seam over an emulated GPU: kernels' PTX runs on the CPU, device addresses are host addresses. What the checks find is
/// thrown out of <see cref="LaunchKernel"/> as an <see cref="EmulationException"/>; what an assembler would refuse is a status.
/// </summary>
public sealed unsafe partial class EmulatedDriver : ICudaDriver, IDisposable
{
    private const int InvalidValue = 1;
    private const int InvalidContext = 201;
    private const int InvalidPtx = 218;
    private const int InvalidHandle = 400;
    private const int NotFound = 500;
    private const int OutOfMemory = 2;
    private const int CaptureUnsupported = 900;
    private const int CaptureWrongThread = 908;
    private const int ParameterBytes = 4096;
    private const nint TheContext = 1;

    /// <summary>Each driver's context of this thread, by the driver's number. No ThreadLocal: finalizers come here, and its own may have been before.</summary>
    [ThreadStatic]
    private static Dictionary<int, nint>? contexts;

    private static int drivers;
    private readonly DeviceMemory memory;
    private readonly ConcurrentDictionary<nint, EmulatedModule> modules = new();
    private readonly ConcurrentDictionary<nint, EmulatedFunction> functions = new();
    private readonly ConcurrentDictionary<nint, long> events = new();
    private readonly ConcurrentDictionary<int, nint> texts = new();
    private readonly int number = Interlocked.Increment(ref drivers);
    private long handles = 0x1000;

    public EmulatedDriver()
        : this(new EmulationOptions())
    {
    }

    public EmulatedDriver(EmulationOptions options)
    {
        Options = options;
        memory = new DeviceMemory(options.AllowHostMemory, options.CheckUninitialised);
    }

    /// <summary>May be exchanged between launches; memory checks of allocations stay as they were made.</summary>
    public EmulationOptions Options { get; set; }

    public string Name => "emulator";

    /// <summary>What the last launch that ended well did.</summary>
    public LaunchReport? LastLaunch { get; private set; }

    /// <summary>Called after each launch that ended well.</summary>
    public Action<LaunchReport>? Launched { get; set; }

    /// <summary>Why the last module was refused.</summary>
    public PtxException? LastModuleError { get; private set; }

    /// <summary>Bytes allocated and not yet freed.</summary>
    public long AllocatedBytes => memory.Bytes;

    /// <summary>
    /// Whether this thread has the context: what works on memory, modules, streams and tensor maps is refused without, as by the driver.
    /// Addresses apart from memory (EmulatedDriver.Virtual.cs) name their GPU themselves.
    /// </summary>
    private bool HasContext => Current == TheContext;

    private nint Current => contexts is { } own && own.TryGetValue(number, out nint context) ? context : 0;

    /// <summary>Makes host memory usable by kernels, such as a CPU tensor's. It counts as written.</summary>
    public void Register(nint address, long bytes) => memory.Register(address, bytes);

    public bool Unregister(nint address) => memory.Unregister(address);

    /// <summary>Registers for a scope: <c>using var _ = driver.Use(address, bytes);</c></summary>
    public IDisposable Use(nint address, long bytes)
    {
        Register(address, bytes);
        return new Registration(this, address);
    }

    public int Init(uint flags) => 0;

    public int DeviceGetCount(out int count)
    {
        count = 1;
        return 0;
    }

    public int DeviceGet(out int device, int ordinal)
    {
        device = 0;
        return ordinal == 0 ? 0 : 101;
    }

    /// <summary>Figures of an H100, or of an A100 where the options say compute capability 8.0.</summary>
    public int DeviceGetAttribute(out int value, int attribute, int device)
    {
        bool hopper = Options.Capability >= 90;
        value = attribute switch
        {
            1 => 1024, // MAX_THREADS_PER_BLOCK
            2 or 3 => 1024,
            4 => 64,
            5 => int.MaxValue,
            6 or 7 => 65535,
            8 => 48 * 1024, // MAX_SHARED_MEMORY_PER_BLOCK
            10 => 32, // WARP_SIZE
            12 => 65536, // MAX_REGISTERS_PER_BLOCK
            13 => hopper ? 1_980_000 : 1_410_000,
            16 => Options.Multiprocessors,
            36 => hopper ? 2_619_000 : 1_593_000,
            37 => 5120,
            38 => hopper ? 50 << 20 : 40 << 20,
            39 => 2048, // MAX_THREADS_PER_MULTIPROCESSOR
            75 => Options.Capability / 10,
            76 => Options.Capability % 10,
            81 => hopper ? 233_472 : 167_936, // per multiprocessor
            82 => 65536,
            97 => hopper ? 232_448 : 166_912, // per block, opt-in
            102 => Options.VirtualMemory ? 1 : 0, // VIRTUAL_MEMORY_MANAGEMENT
            106 => hopper ? 32 : 32,
            111 => 1024, // RESERVED_SHARED_MEMORY_PER_BLOCK
            120 => hopper ? 1 : 0, // CLUSTER_LAUNCH
            _ => 0,
        };
        return 0;
    }

    public int PrimaryContextRetain(out nint context, int device)
    {
        context = TheContext;
        return device == 0 ? 0 : 101;
    }

    public int PrimaryContextRelease(int device) => 0;

    public int ContextGetCurrent(out nint context)
    {
        context = Current;
        return 0;
    }

    public int ContextSetCurrent(nint context)
    {
        if (context is not (0 or TheContext))
            return InvalidContext;
        (contexts ??= [])[number] = context;
        return 0;
    }

    /// <summary>Makes the context current on this thread, for who calls the driver without a <see cref="CudaContext"/>.</summary>
    public EmulatedDriver MakeCurrent()
    {
        ContextSetCurrent(TheContext);
        return this;
    }

    public int ModuleLoadData(out nint module, byte* image, byte* log, int logBytes)
    {
        module = 0;
        if (!HasContext)
            return InvalidContext;
        try
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image);
            string name = PtxNames.Find(bytes);
            if (Options.Refuses?.Invoke(name) == true) throw new PtxException(name, 1, "refused, as the options ask for");
            module = Load(Encoding.UTF8.GetString(bytes), name);
            return 0;
        }
        catch (PtxException e)
        {
            LastModuleError = e;
            if (log != null && logBytes > 0)
            {
                byte[] text = Encoding.UTF8.GetBytes(e.Message);
                int count = Math.Min(text.Length, logBytes - 1);
                text.AsSpan(0, count).CopyTo(new Span<byte>(log, count));
                log[count] = 0;
            }
            return InvalidPtx;
        }
    }

    /// <summary>Loads PTX text; <paramref name="file"/> is the name that faults give.</summary>
    public nint Load(string ptx, string file)
    {
        PtxModule parsed = PtxParser.Parse(file, ptx);
        if (parsed.ArchitectureSpecific ? parsed.Capability != Options.Capability : parsed.Capability > Options.Capability)
            throw new PtxException(file, 2, $"target {parsed.Target} does not run on compute capability {Options.Capability / 10}.{Options.Capability % 10}");
        nint handle = NewHandle();
        modules[handle] = new EmulatedModule(parsed, memory);
        return handle;
    }

    private nint NewHandle() => (nint)Interlocked.Add(ref handles, 16);

    public int ModuleUnload(nint module)
    {
        if (!HasContext)
            return InvalidContext;
        if (!modules.TryRemove(module, out EmulatedModule? removed))
            return InvalidHandle;
        removed.Dispose();
        return 0;
    }

    public int ModuleGetFunction(out nint function, nint module, string name)
    {
        function = 0;
        if (!HasContext)
            return InvalidContext;
        if (!modules.TryGetValue(module, out EmulatedModule? found))
            return InvalidHandle;
        if (!found.Kernels.TryGetValue(name, out KernelCode? kernel))
            return NotFound;
        function = NewHandle();
        functions[function] = new EmulatedFunction(found, kernel);
        return 0;
    }

    public int FunctionGetAttribute(out int value, int attribute, nint function)
    {
        value = 0;
        if (!HasContext)
            return InvalidContext;
        if (!functions.TryGetValue(function, out EmulatedFunction? found))
            return InvalidHandle;
        value = attribute switch
        {
            0 => found.Kernel.MaximalThreads,
            1 => found.Kernel.StaticShared,
            3 => found.Kernel.LocalBytes,
            4 => Math.Min(255, Analysis.KernelStatistics.Measure(found.Kernel).Registers),
            5 or 6 => found.Kernel.Module.Capability,
            8 => found.DynamicLimit,
            _ => 0,
        };
        return 0;
    }

    public int FunctionSetAttribute(nint function, int attribute, int value)
    {
        if (!HasContext)
            return InvalidContext;
        if (!functions.TryGetValue(function, out EmulatedFunction? found))
            return InvalidHandle;
        DeviceGetAttribute(out int most, 97, 0);
        if (attribute == 8)
        {
            if (value < 0 || value + found.Kernel.StaticShared > most)
                return InvalidValue;
            found.DynamicLimit = value;
        }
        return attribute is 8 or 9 ? 0 : InvalidValue;
    }

    public int LaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra)
    {
        if (!HasContext)
            return InvalidContext;
        if (!functions.TryGetValue(function, out EmulatedFunction? found))
            return InvalidHandle;
        KernelCode kernel = found.Kernel;
        ulong threads = (ulong)blockX * blockY * blockZ;
        if (gridX == 0 || gridY == 0 || gridZ == 0 || threads == 0 || threads > 1024 || gridX > int.MaxValue || gridY > 65535 || gridZ > 65535 || extra != null)
            return InvalidValue;
        if (threads > (ulong)kernel.MaximalThreads || sharedBytes > (uint)Math.Max(found.DynamicLimit, 48 * 1024 - kernel.StaticShared) || sharedBytes > found.DynamicLimit)
            return threads > (ulong)kernel.MaximalThreads ? 701 : InvalidValue;
        byte* block = stackalloc byte[ParameterBytes];
        foreach (PtxVariable parameter in kernel.Source.Parameters)
            Buffer.MemoryCopy(parameters[kernel.Source.Parameters.IndexOf(parameter)], block + parameter.Offset, ParameterBytes - parameter.Offset, parameter.Bytes);
        if (CaptureOf(stream) is { } capture)
        {
            byte[] kept = new ReadOnlySpan<byte>(block, ParameterBytes).ToArray();
            capture.Add(() =>
            {
                fixed (byte* own = kept)
                    Run(found, ((int)gridX, (int)gridY, (int)gridZ), ((int)blockX, (int)blockY, (int)blockZ), (int)sharedBytes, own);
            });
            return 0;
        }

        Run(found, ((int)gridX, (int)gridY, (int)gridZ), ((int)blockX, (int)blockY, (int)blockZ), (int)sharedBytes, block);
        return 0;
    }

    private void Run(EmulatedFunction found, (int X, int Y, int Z) grid, (int X, int Y, int Z) threads, int sharedBytes, byte* block)
    {
        KernelCode kernel = found.Kernel;
        var launch = new Launch
        {
            Kernel = kernel,
            Memory = memory,
            Options = Options,
            Grid = grid,
            Block = threads,
            SharedBytes = kernel.StaticShared + sharedBytes,
            DynamicShared = sharedBytes,
            Parameters = block,
            Constants = (byte*)found.Module.Constants,
            ConstantBytes = found.Module.ConstantBytes,
        };
        LastLaunch = launch.Run();
        Launched?.Invoke(LastLaunch);
    }

    public void Dispose()
    {
        foreach (EmulatedModule module in modules.Values)
            module.Dispose();
        modules.Clear();
        DisposeGraphs();
        foreach (nint text in texts.Values)
            Marshal.FreeCoTaskMem(text);
        texts.Clear();
    }

    private sealed class Registration(EmulatedDriver driver, nint address) : IDisposable
    {
        public void Dispose() => driver.Unregister(address);
    }

    private sealed class EmulatedFunction(EmulatedModule module, KernelCode kernel)
    {
        public EmulatedModule Module { get; } = module;

        public KernelCode Kernel { get; } = kernel;

        public int DynamicLimit { get; set; } = Math.Max(0, (48 * 1024) - kernel.StaticShared);
    }
}
