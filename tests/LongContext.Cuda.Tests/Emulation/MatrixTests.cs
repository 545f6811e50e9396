namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Fragments written out lane by lane as the manual's figures have them, against the plain product.</summary>
public sealed class MatrixTests
{
    [Theory]
    [InlineData(16, "bf16")]
    [InlineData(16, "f16")]
    [InlineData(8, "bf16")]
    [InlineData(8, "f16")]
    public void Mma_RandomMatrices_IsTheirProduct(int depth, string type)
    {
        var random = new Random(depth + type.Length);
        float Round(float x) => type == "f16" ? (float)(Half)x : BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(x) & 0xffff0000);
        ushort Bits(float x) => type == "f16" ? BitConverter.HalfToUInt16Bits((Half)x) : (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16);
        var a = new float[16, depth];
        var b = new float[depth, 8];
        var c = new float[16, 8];
        Fill(a, () => Round(random.NextSingle() - 0.5f));
        Fill(b, () => Round(random.NextSingle() - 0.5f));
        Fill(c, () => random.NextSingle());
        int registers = depth / 4;
        var input = new uint[32 * 16];
        for (int lane = 0; lane < 32; lane++)
        {
            int group = lane >> 2, inGroup = lane % 4;
            for (int i = 0; i < 2 * registers; i++)
            {
                // aᵢ: row = groupID for i in {0,1,4,5}, groupID + 8 otherwise; column = inGroup · 2 + (i & 1), + 8 for i ≥ 4.
                int row = (i & 2) == 0 ? group : group + 8, column = (inGroup * 2) + (i & 1) + (i >= 4 ? 8 : 0);
                input[(lane * 16) + (i / 2)] |= (uint)Bits(a[row, column]) << (16 * (i & 1));
            }
            for (int i = 0; i < registers; i++)
            {
                // bᵢ: row = inGroup · 2 + (i & 1), + 8 for i ≥ 2; column = groupID.
                int row = (inGroup * 2) + (i & 1) + (i >= 2 ? 8 : 0);
                input[(lane * 16) + 4 + (i / 2)] |= (uint)Bits(b[row, group]) << (16 * (i & 1));
            }
            for (int i = 0; i < 4; i++)
                input[(lane * 16) + 8 + i] = BitConverter.SingleToUInt32Bits(c[i < 2 ? group : group + 8, (inGroup * 2) + (i & 1)]);
        }
        string left = depth == 16 ? "{%r0, %r1, %r2, %r3}" : "{%r0, %r1}", right = depth == 16 ? "{%r4, %r5}" : "{%r4}";
        var program = new PtxProgram($$"""
            mul.wide.u32 %d1, %t, 64;
            add.s64 %d2, %in, %d1;
            ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%d2];
            ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%d2+16];
            ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%d2+32];
            mma.sync.aligned.m16n8k{{depth}}.row.col.f32.{{type}}.{{type}}.f32 {%f0, %f1, %f2, %f3}, {{left}}, {{right}}, {%f0, %f1, %f2, %f3};
            st.global.v4.f32 [%o16], {%f0, %f1, %f2, %f3};
            """);
        float[] result = program.Run<uint, float>(input, 128);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = i < 2 ? lane >> 2 : (lane >> 2) + 8, column = (lane % 4 * 2) + (i & 1);
                double sum = c[row, column];
                for (int k = 0; k < depth; k++)
                    sum += (double)a[row, k] * b[k, column];
                Assert.Equal(sum, result[(lane * 4) + i], 1e-5);
            }
        }
        Assert.Equal(1, program.Report.MmaCount);
        Assert.Equal(16 * 8 * depth * 2, program.Report.MultiplyAddFlops);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LoadMatrix_FourMatrices_LiesAsTheManualSays(bool transpose)
    {
        var input = new ushort[4 * 64];
        for (int i = 0; i < input.Length; i++)
            input[i] = (ushort)(i * 3);
        var program = new PtxProgram($$"""
            ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%i16];
            mov.u32 %r4, tile;
            shl.b32 %r5, %t, 4;
            add.s32 %r4, %r4, %r5;
            st.shared.v4.b32 [%r4], {%r0, %r1, %r2, %r3};
            bar.sync 0;
            ldmatrix.sync.aligned.m8n8.x4{{(transpose ? ".trans" : "")}}.shared.b16 {%r0, %r1, %r2, %r3}, [%r4];
            st.global.v4.b32 [%o16], {%r0, %r1, %r2, %r3};
            """, ".shared .align 16 .b8 tile[512];");
        ushort[] result = program.Run<ushort, ushort>(input, 256);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int matrix = 0; matrix < 4; matrix++)
            {
                for (int half = 0; half < 2; half++)
                {
                    int row = lane / 4, column = (lane % 4 * 2) + half;
                    int expected = transpose ? input[(matrix * 64) + (column * 8) + row] : input[(matrix * 64) + (row * 8) + column];
                    Assert.Equal(expected, result[(lane * 8) + (matrix * 2) + half]);
                }
            }
        }
        Assert.Equal(program.Report.SharedWavefrontsIdeal, program.Report.SharedWavefronts);
    }

    private static void Fill(float[,] matrix, Func<float> next)
    {
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            for (int j = 0; j < matrix.GetLength(1); j++)
                matrix[i, j] = next();
        }
    }
}
