using System.Reflection;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Documents;

/// <summary>The programs of all documents compile, with the usings and the given names that the page shows.</summary>
public sealed class SnippetTests
{
    [Fact]
    public void Programs_OfAllDocuments_CompileWithoutWarnings()
    {
        List<string> faults = [];
        int compiled = 0;
        foreach (string document in Repository.Documents)
        {
            HashSet<string> needed = [];
            IReadOnlyList<string> usings = [];
            foreach (CodeBlock block in CodeBlock.Of(document).Where(block => block.IsCSharp))
            {
                var snippet = new Snippet(block, usings);
                usings = snippet.Usings;
                if (usings.Contains("using LongContext.ManagedCuda;") && Assembly.Load("LongContext.ManagedCuda").GetExportedTypes().Length == 0)
                {
                    // The assembly is empty unless the build asks for it.
                    needed.UnionWith(usings);
                    continue;
                }

                (IReadOnlyList<string> found, IReadOnlyList<string> unnecessary) = SnippetCompiler.Compile(snippet);
                faults.AddRange(found);
                faults.AddRange(snippet.UnusedNames.Select(name => $"{document}({block.FirstLine}): given and not used: {name}"));
                needed.UnionWith(usings.Except(unnecessary));
                compiled++;
            }

            faults.AddRange(usings.Except(needed).Select(directive => $"{document}: no program needs \"{directive}\""));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.InRange(compiled, 25, int.MaxValue);
    }

    [Theory]
    [InlineData("using LongContext.Packing;\n// given: int[] ids\nvar sequence = new TokenSequence(ids);", null)]
    [InlineData("// given: int[] ids\nvar sequence = new TokenSequence(ids);", "(8,20): error CS0246")]
    [InlineData("int length = ids.Length;", "(7,14): error CS0103")]
    [InlineData("string? name = args.FirstOrDefault();\nint length = name.Length;", "(8,14): warning CS8602")]
    [InlineData("[Obsolete] static void Old() { }\nOld();", "(8,1): warning CS0612")]
    [InlineData("internal sealed class Empty : LongContext.Evaluation.Tasks.ISizedTask;", "error CS0535")]
    public void Compile_FaultsOfAProgram_AreFoundWhereTheyStand(string text, string? expected)
    {
        (IReadOnlyList<string> faults, _) = SnippetCompiler.Compile(new Snippet(new CodeBlock("page.md", 7, "csharp", text.Split('\n')), []));
        if (expected is null) Assert.Empty(faults);
        else Assert.Contains(faults, fault => fault.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Snippet_WhatItDoesNotNeed_IsSaid()
    {
        var snippet = new Snippet(new CodeBlock("page.md", 1, "csharp", ["using LongContext.Data;", "// given: int used, string unused", "Console.WriteLine(used);"]), ["using LongContext.Packing;"]);
        Assert.Equal(["unused"], snippet.UnusedNames);
        Assert.Equal(["using LongContext.Data;", "using LongContext.Packing;"], SnippetCompiler.Compile(snippet).UnnecessaryUsings.Order(StringComparer.Ordinal));
    }
}
