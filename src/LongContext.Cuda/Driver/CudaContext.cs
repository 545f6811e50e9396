using System.Collections.Concurrent;
using System.Text;

namespace LongContext.Cuda.Driver;

/// <summary>
/// The primary context of a GPU, which libtorch shares, with the kernels loaded into it so far. Thread-safe.
/// Kernels are loaded when first asked for: the driver then assembles their PTX for the GPU at hand, once, and keeps the result in its cache on disk.
/// </summary>
public sealed class CudaContext : IDisposable
{
    private const int AssemblerLogBytes = 1 << 16;
    private static readonly ConcurrentDictionary<int, Lazy<CudaContext>> Shared = new();
    private readonly PrimaryContextHandle handle;
    private readonly ConcurrentDictionary<string, Lazy<CudaModule>> modules = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Module, string Name), Lazy<CudaFunction>> functions = new();

    /// <summary>Retains the primary context of a GPU.</summary>
    /// <param name="driver">The driver to call.</param>
    /// <param name="ordinal">The GPU's number, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <exception cref="CudaException">The driver failed, for example because there is no such GPU.</exception>
    /// <exception cref="DllNotFoundException">There is no driver to call; <see cref="CudaDevice.IsAvailable"/> tells before.</exception>
    public CudaContext(ICudaDriver driver, int ordinal)
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        Driver = driver;
        Ordinal = ordinal;
        CudaException.ThrowIfFailed(driver, driver.Init(0), "cuInit(0)");
        handle = new PrimaryContextHandle(driver, ordinal);
        Architecture = GpuArchitecture.Of(driver, ordinal);
    }

    /// <summary>The driver that is called.</summary>
    public ICudaDriver Driver { get; }

    /// <summary>The GPU's number, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>What the GPU is.</summary>
    public GpuArchitecture Architecture { get; }

    /// <summary>The context of a GPU over NVIDIA's driver, shared by all who ask and kept as long as the process.</summary>
    /// <param name="ordinal">The GPU's number, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <exception cref="CudaException">The driver failed, or there is no such GPU.</exception>
    /// <exception cref="DllNotFoundException">There is no driver; <see cref="CudaDevice.IsAvailable"/> tells before.</exception>
    public static CudaContext ForDevice(int ordinal) =>
        Shared.GetOrAdd(ordinal, static number => new Lazy<CudaContext>(() => new CudaContext(NativeCudaDriver.Instance, number), LazyThreadSafetyMode.PublicationOnly)).Value;

    /// <summary>A kernel of this library.</summary>
    /// <param name="module">Its PTX, for example <c>sm_80/attention_forward_bf16_128_128x64</c>.</param>
    /// <param name="name">Its entry, for example <c>attention_forward</c>.</param>
    /// <exception cref="ArgumentException">There is no such module.</exception>
    /// <exception cref="CudaException">The driver does not take it, or it has no such entry.</exception>
    /// <exception cref="ObjectDisposedException">The context was let go.</exception>
    public CudaFunction GetKernel(string module, string name)
    {
        if (functions.TryGetValue((module, name), out Lazy<CudaFunction>? known)) return known.Value;
        return functions.GetOrAdd((module, name), key => new Lazy<CudaFunction>(() => LoadFunction(key.Module, key.Name), LazyThreadSafetyMode.PublicationOnly)).Value;
    }

    /// <summary>Waits until all that was launched on a stream is done, and reports what went wrong in it.</summary>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="CudaException">A kernel failed.</exception>
    /// <exception cref="ObjectDisposedException">The context was let go.</exception>
    public void Synchronize(nint stream = 0)
    {
        using CurrentContext current = Enter();
        CudaException.ThrowIfFailed(Driver, Driver.StreamSynchronize(stream), "cuStreamSynchronize");
    }

    /// <summary>Unloads the kernels and lets the context go; the driver keeps it until its buffers and events are freed too. No call may be under way.</summary>
    public void Dispose()
    {
        foreach (Lazy<CudaModule> module in modules.Values)
        {
            if (module.IsValueCreated) module.Value.Dispose();
        }

        modules.Clear();
        functions.Clear();
        handle.Dispose();
    }

    /// <summary>Makes this context current on the calling thread until the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It was let go.</exception>
    internal CurrentContext Enter()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        return Current();
    }

    /// <summary>Keeps the primary context for something that lies in it, whatever is disposed or finalized first; <see cref="Free"/> ends it.</summary>
    internal void Hold()
    {
        bool held = false;
        handle.DangerousAddRef(ref held);
    }

    /// <summary>Frees what <see cref="Hold"/> was called for; false where the driver did not. Never throws: finalizers come here, and disposal must not hide the first error.</summary>
    internal bool Free(nint held, Func<ICudaDriver, nint, int> free)
    {
        try
        {
            using CurrentContext current = Current();
            return free(Driver, held) == 0;
        }
        catch (CudaException)
        {
            return false;
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    /// <summary>Loads modules now, several at a time, so that what the driver does not take is known before anything depends on it.</summary>
    /// <returns>What it said of the first that it does not take; null where it takes them all.</returns>
    internal string? WhyNotLoadable(IReadOnlyCollection<string> modulesToLoad)
    {
        string? reason = null;
        Parallel.ForEach(modulesToLoad, (module, state) =>
        {
            try
            {
                _ = ModuleOf(module);
            }
            catch (CudaException e)
            {
                Interlocked.CompareExchange(ref reason, e.Message, null);
                state.Stop();
            }
        });
        return reason;
    }

    /// <summary>Loads PTX that is not this library's own, for tests and measurements.</summary>
    internal CudaFunction Load(string moduleName, ReadOnlySpan<byte> image, string name) =>
        new(this, new CudaModule(this, moduleName, image), name, name);

    /// <summary>What NVIDIA's assembler says of a module of this library, loaded apart for it; empty where the driver has the result in its cache.</summary>
    /// <exception cref="CudaException">The driver does not take the module.</exception>
    /// <exception cref="InvalidOperationException">The context is another driver's.</exception>
    internal unsafe string AssemblerInformation(string module)
    {
        if (Driver is not NativeCudaDriver native) throw new InvalidOperationException($"The assembler's information comes from NVIDIA's driver; this one is {Driver.Name}.");
        byte[] log = new byte[AssemblerLogBytes];
        using CurrentContext current = Enter();
        fixed (byte* text = KernelImages.Load(module), place = log)
        {
            CudaException.ThrowIfFailed(Driver, native.ModuleLoadVerbose(out nint loaded, text, place, log.Length), $"cuModuleLoadDataEx({module})");
            _ = Driver.ModuleUnload(loaded);
        }

        return Encoding.UTF8.GetString(log).TrimEnd('\0');
    }

    private CurrentContext Current() => new(Driver, handle.Value, isFirst: Ordinal == 0);

    private CudaFunction LoadFunction(string module, string name) => new(this, ModuleOf(module), name, $"{module}:{name}");

    private CudaModule ModuleOf(string module) => modules.GetOrAdd(
        module, key => new Lazy<CudaModule>(() => new CudaModule(this, key, KernelImages.Load(key)), LazyThreadSafetyMode.ExecutionAndPublication)).Value;
}
