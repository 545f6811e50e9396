using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>
/// A small kernel written in a test: <c>%in</c> and <c>%out</c> are addresses of the input and output, <c>%t</c> the thread,
/// <c>%i4</c>, <c>%o4</c> and so on their addresses at the thread's element of 4, 8 or 16 bytes.
/// </summary>
internal sealed unsafe class PtxProgram(string body, string declarations = "", string target = "sm_80", string version = "7.4", string module = "", string directives = "")
{
    public string Text { get; } = $$"""
        .version {{version}}
        .target {{target}}
        .address_size 64
        {{module}}
        .visible .entry test(.param .u64 in, .param .u64 out) {{directives}}
        {
        .reg .pred %p<20>;
        .reg .b16 %h<20>;
        .reg .b32 %r<80>;
        .reg .f32 %f<160>;
        .reg .b64 %d<40>;
        .reg .f64 %g<10>;
        .reg .b64 %in, %out, %i4, %o4, %i8, %o8, %i16, %o16;
        .reg .b32 %t;
        {{declarations}}
        ld.param.u64 %in, [in];
        ld.param.u64 %out, [out];
        mov.u32 %t, %tid.x;
        mul.wide.u32 %d0, %t, 4;
        add.s64 %i4, %in, %d0;
        add.s64 %o4, %out, %d0;
        mul.wide.u32 %d0, %t, 8;
        add.s64 %i8, %in, %d0;
        add.s64 %o8, %out, %d0;
        mul.wide.u32 %d0, %t, 16;
        add.s64 %i16, %in, %d0;
        add.s64 %o16, %out, %d0;
        {{body}}
        ret;
        }
        """;

    public EmulationOptions Options { get; init; } = new();

    public int Threads { get; init; } = 32;

    public int Blocks { get; init; } = 1;

    public int SharedBytes { get; init; }

    public LaunchReport Report { get; private set; } = null!;

    /// <summary>Runs on the input and returns the output, of which every byte must have been written unless <paramref name="partial"/>.</summary>
    public TOut[] Run<TIn, TOut>(ReadOnlySpan<TIn> input, int outputs, bool partial = false)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        using EmulatedDriver driver = new EmulatedDriver(Options).MakeCurrent();
        nint module = driver.Load(Text, "test.ptx");
        Assert.Equal(0, driver.ModuleGetFunction(out nint function, module, "test"));
        if (SharedBytes > 48 * 1024)
            Assert.Equal(0, driver.FunctionSetAttribute(function, 8, SharedBytes));
        Assert.Equal(0, driver.MemoryAllocate(out nint from, (nuint)Math.Max(1, input.Length * sizeof(TIn))));
        Assert.Equal(0, driver.MemoryAllocate(out nint to, (nuint)Math.Max(1, outputs * sizeof(TOut))));
        fixed (TIn* source = input)
            Assert.Equal(0, driver.MemoryCopyToDevice(from, source, (nuint)(input.Length * sizeof(TIn)), 0));
        void** parameters = stackalloc void*[2];
        parameters[0] = &from;
        parameters[1] = &to;
        try
        {
            Assert.Equal(0, driver.LaunchKernel(function, (uint)Blocks, 1, 1, (uint)Threads, 1, 1, (uint)SharedBytes, 0, parameters, null));
            Report = driver.LastLaunch!;
            if (!partial && outputs > 0)
                Assert.True(driver.IsWritten(to, outputs * sizeof(TOut)), "the kernel left bytes of its output unwritten");
            var result = new TOut[outputs];
            fixed (TOut* target = result)
                driver.MemoryCopyToHost(target, to, (nuint)(outputs * sizeof(TOut)), 0);
            return result;
        }
        finally
        {
            driver.MemoryFree(from);
            driver.MemoryFree(to);
        }
    }

    public EmulationException Fails(int inputBytes = 1024, int outputBytes = 1024) =>
        Assert.Throws<EmulationException>(() => Run<byte, byte>(new byte[inputBytes], outputBytes, true));

    public string Refused()
    {
        using EmulatedDriver driver = new EmulatedDriver(Options).MakeCurrent();
        return Assert.Throws<LongContext.Cuda.Emulation.Parsing.PtxException>(() => driver.Load(Text, "test.ptx")).Message;
    }
}
