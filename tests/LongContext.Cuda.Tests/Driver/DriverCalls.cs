using System.Globalization;
using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>
/// Calls each method of a driver over fake_cuda.c, with arguments that no two parameters share and that need their whole width.
/// Runs in the copy of the assemblies that <see cref="FakeCudaLibrary"/> loads.
/// </summary>
internal static unsafe class DriverCalls
{
    /// <summary>Names of what is noted beside the methods.</summary>
    public const string Context = "a context made and disposed", Allocations = "bytes allocated by launches";

    private const uint Wide = 4_000_000_001; // more than an int holds
    private static readonly nint A = unchecked((nint)0x1122334455667788), B = unchecked((nint)0x2233445566778899);
    private static readonly nint C = unchecked((nint)0x33445566778899AA), D = unchecked((nint)0x445566778899AABB);

    /// <returns>For each method what arrived, and what came back: status and results.</returns>
    public static IReadOnlyDictionary<string, string> Run(Type type, nint library)
    {
        ICudaDriver driver = RealDrivers.Of(type);
        var take = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "fake_take");
        var setStatus = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "fake_status");
        int status = 0;
        Dictionary<string, string> notes = new(StringComparer.Ordinal);

        Seam(driver, Note);
        if (driver is NativeCudaDriver) BesideTheSeam(Note);
        status = -1; // the next is 0: success
        Note(Context, () =>
        {
            using var context = new CudaContext(driver, 0);
            return $"{context.Architecture.ComputeCapability}";
        });
        Note(Allocations, () =>
        {
            _ = Launch(driver);
            long before = GC.GetAllocatedBytesForCurrentThread();
            nint parameter = B;
            void* address = &parameter;
            for (int i = 0; i < 100; i++) _ = driver.LaunchKernel(A, 1, 1, 1, 32, 1, 1, 0, C, &address, null);
            return $"{GC.GetAllocatedBytesForCurrentThread() - before}";
        });
        return notes;

        void Note(string method, Func<string> call)
        {
            string returned;
            setStatus(++status);
            try
            {
                returned = call();
            }
            catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
            {
                returned = e.Message;
            }

            notes.Add(method, $"{Marshal.PtrToStringUTF8(take())} → {returned}");
        }
    }

    private static void Seam(ICudaDriver driver, Action<string, Func<string>> note)
    {
        note(nameof(driver.Init), () => $"{driver.Init(Wide)}");
        note(nameof(driver.DeviceGetCount), () => $"{driver.DeviceGetCount(out int count)}, {count}");
        note(nameof(driver.DeviceGet), () => $"{driver.DeviceGet(out int device, -17)}, {device}");
        note(nameof(driver.DeviceGetAttribute), () => $"{driver.DeviceGetAttribute(out int value, 75, -18)}, {value}");
        note(nameof(driver.PrimaryContextRetain), () => $"{driver.PrimaryContextRetain(out nint context, -19)}, {context:x}");
        note(nameof(driver.PrimaryContextRelease), () => $"{driver.PrimaryContextRelease(-20)}");
        note(nameof(driver.ContextGetCurrent), () => $"{driver.ContextGetCurrent(out nint context)}, {context:x}");
        note(nameof(driver.ContextSetCurrent), () => $"{driver.ContextSetCurrent(A)}");
        note(nameof(driver.ModuleLoadData), () => Load(driver, withLog: true));
        note(nameof(driver.ModuleLoadData) + " without log", () => Load(driver, withLog: false));
        note(nameof(driver.ModuleUnload), () => $"{driver.ModuleUnload(A)}");
        note(nameof(driver.ModuleGetFunction), () => $"{driver.ModuleGetFunction(out nint function, A, "axpy_é")}, {function:x}");
        note(nameof(driver.FunctionGetAttribute), () => $"{driver.FunctionGetAttribute(out int value, 4, A)}, {value}");
        note(nameof(driver.FunctionSetAttribute), () => $"{driver.FunctionSetAttribute(A, 8, -21)}");
        note(nameof(driver.LaunchKernel), () => Launch(driver));
        note(nameof(driver.LaunchKernel) + " with extra", () => LaunchWithExtra(driver));
        note(nameof(driver.MemoryAllocate), () => $"{driver.MemoryAllocate(out nint address, (nuint)A)}, {address:x}");
        note(nameof(driver.MemoryFree), () => $"{driver.MemoryFree(A)}");
        note(nameof(driver.MemoryCopyToDevice), () => $"{driver.MemoryCopyToDevice(A, (void*)B, (nuint)C, D)}");
        note(nameof(driver.MemoryCopyToHost), () => $"{driver.MemoryCopyToHost((void*)A, B, (nuint)C, D)}");
        note(nameof(driver.MemorySet), () => $"{driver.MemorySet(A, 201, (nuint)B, C)}");
        note(nameof(driver.StreamSynchronize), () => $"{driver.StreamSynchronize(A)}");
        note(nameof(driver.EventCreate), () => $"{driver.EventCreate(out nint handle, Wide)}, {handle:x}");
        note(nameof(driver.EventRecord), () => $"{driver.EventRecord(A, B)}");
        note(nameof(driver.EventSynchronize), () => $"{driver.EventSynchronize(A)}");
        note(
            nameof(driver.EventElapsedTime),
            () => string.Create(CultureInfo.InvariantCulture, $"{driver.EventElapsedTime(out float milliseconds, A, B)}, {milliseconds}"));
        note(nameof(driver.EventDestroy), () => $"{driver.EventDestroy(A)}");
        note(nameof(driver.TensorMapEncodeTiled), () => Encode(driver));
        note(nameof(driver.MemoryCopyOnDevice), () => $"{driver.MemoryCopyOnDevice(A, B, (nuint)C, D)}");
        note(nameof(driver.HostAllocate), () => $"{driver.HostAllocate(out nint address, (nuint)A, Wide)}, {address:x}");
        note(nameof(driver.HostFree), () => $"{driver.HostFree(A)}");
        note(nameof(driver.MemoryGranularity), () => $"{driver.MemoryGranularity(out nuint bytes, (void*)A, -31)}, {bytes:x}");
        note(nameof(driver.AddressReserve), () => $"{driver.AddressReserve(out nint address, (nuint)A, (nuint)B, C, (ulong)D)}, {address:x}");
        note(nameof(driver.AddressFree), () => $"{driver.AddressFree(A, (nuint)B)}");
        note(nameof(driver.MemoryCreate), () => $"{driver.MemoryCreate(out ulong memory, (nuint)A, (void*)B, (ulong)C)}, {memory:x}");
        note(nameof(driver.MemoryRelease), () => $"{driver.MemoryRelease((ulong)A)}");
        note(nameof(driver.MemoryMap), () => $"{driver.MemoryMap(A, (nuint)B, (nuint)C, (ulong)D, (ulong)A)}");
        note(nameof(driver.MemoryUnmap), () => $"{driver.MemoryUnmap(A, (nuint)B)}");
        note(nameof(driver.MemorySetAccess), () => $"{driver.MemorySetAccess(A, (nuint)B, (void*)C, (nuint)D)}");
        note(nameof(driver.StreamCreate), () => $"{driver.StreamCreate(out nint stream, Wide)}, {stream:x}");
        note(nameof(driver.StreamDestroy), () => $"{driver.StreamDestroy(A)}");
        note(nameof(driver.StreamBeginCapture), () => $"{driver.StreamBeginCapture(A, -32)}");
        note(nameof(driver.StreamEndCapture), () => $"{driver.StreamEndCapture(A, out nint graph)}, {graph:x}");
        note(nameof(driver.GraphInstantiate), () => $"{driver.GraphInstantiate(out nint executable, A, (ulong)B)}, {executable:x}");
        note(nameof(driver.GraphLaunch), () => $"{driver.GraphLaunch(A, B)}");
        note(nameof(driver.GraphExecutableDestroy), () => $"{driver.GraphExecutableDestroy(A)}");
        note(nameof(driver.GraphDestroy), () => $"{driver.GraphDestroy(A)}");
        note(nameof(driver.GetErrorName), () => $"{driver.GetErrorName(-22, out nint text)}, {Marshal.PtrToStringUTF8(text)}");
        note(nameof(driver.GetErrorString), () => $"{driver.GetErrorString(-23, out nint text)}, {Marshal.PtrToStringUTF8(text)}");
    }

    /// <summary>What <see cref="NativeMethods"/> has for <see cref="CudaDevice"/> alone, and what measurements ask.</summary>
    private static void BesideTheSeam(Action<string, Func<string>> note)
    {
        note(nameof(NativeMethods.DriverGetVersion), () => $"{NativeMethods.DriverGetVersion(out int version)}, {version}");
        note(nameof(NativeMethods.DeviceGetName), () =>
        {
            byte* name = stackalloc byte[64];
            return $"{NativeMethods.DeviceGetName(name, 64, -24)}, {Marshal.PtrToStringUTF8((nint)name)}";
        });
        note(nameof(NativeMethods.DeviceTotalMemory), () => $"{NativeMethods.DeviceTotalMemory(out nuint bytes, -25)}, {bytes:x}");
        note(nameof(NativeMethods.ContextGetDevice), () => $"{NativeMethods.ContextGetDevice(out int device)}, {device}");
        note(nameof(NativeMethods.MemoryGetInfo), () => $"{NativeMethods.MemoryGetInfo(out nuint free, out nuint total)}, {free:x}, {total:x}");
        note(nameof(NativeCudaDriver.ModuleLoadVerbose), () =>
        {
            byte* log = stackalloc byte[40];
            new Span<byte>(log, 40).Clear();
            fixed (byte* image = ".version 7.4\0"u8)
            {
                return $"{NativeCudaDriver.Instance.ModuleLoadVerbose(out nint module, image, log, 40)}, {module:x}, {Marshal.PtrToStringUTF8((nint)log)}";
            }
        });
    }

    private static string Load(ICudaDriver driver, bool withLog)
    {
        byte* log = stackalloc byte[40];
        new Span<byte>(log, 40).Clear();
        fixed (byte* image = ".version 7.4\0"u8)
        {
            int status = driver.ModuleLoadData(out nint module, image, withLog ? log : null, 40);
            return $"{status}, {module:x}, {Marshal.PtrToStringUTF8((nint)log)}";
        }
    }

    private static string Launch(ICudaDriver driver)
    {
        nint parameter = B;
        void* address = &parameter;
        return $"{driver.LaunchKernel(A, Wide, Wide + 1, Wide + 2, Wide + 3, Wide + 4, Wide + 5, Wide + 6, C, &address, null)}";
    }

    private static string LaunchWithExtra(ICudaDriver driver)
    {
        // CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE, CU_LAUNCH_PARAM_END
        void** extra = stackalloc void*[] { (void*)1, (void*)B, (void*)2, (void*)C, null };
        return $"{driver.LaunchKernel(A, 1, 2, 3, 4, 5, 6, 7, C, null, extra)}";
    }

    private static string Encode(ICudaDriver driver)
    {
        byte* room = stackalloc byte[192];
        ulong* map = (ulong*)(((nint)room + 63) & -64);
        ulong* sizes = stackalloc ulong[] { (ulong)A, (ulong)B, (ulong)C }, strides = stackalloc ulong[] { (ulong)D, (ulong)A };
        uint* box = stackalloc uint[] { Wide, Wide + 1, Wide + 2 }, steps = stackalloc uint[] { Wide + 3, Wide + 4, Wide + 5 };
        int status = driver.TensorMapEncodeTiled(map, -26, 3, D, sizes, strides, box, steps, -27, -28, -29, -30);
        return $"{status}, {map[1]:x}, {map[15]:x}";
    }
}
