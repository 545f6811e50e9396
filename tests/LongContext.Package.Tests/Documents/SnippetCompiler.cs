using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LongContext.Package.Tests.Documents;

/// <summary>Compiles programs as the SDK does in a console project with implicit usings and nullable references, against what this test project references.</summary>
internal static class SnippetCompiler
{
    /// <summary>The method that stands for the value of a given name.</summary>
    public const string GivenValue = "GivenValues.Of";

    // What the SDK puts into obj/*.GlobalUsings.g.cs.
    private const string Surroundings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;

        internal static class GivenValues
        {
            public static T Of<T>() => throw new NotSupportedException();
        }
        """;

    private const string UnnecessaryUsing = "CS8019";

    // A program on a page may end where the reader's begins: a local function that nobody calls yet (CS8321).
    private static readonly string[] s_allowed = ["CS8321"];

    private static readonly CSharpParseOptions s_parsing = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    private static readonly Lazy<MetadataReference[]> s_references = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(file => MetadataReference.CreateFromFile(file))]);

    private static readonly SyntaxTree s_surroundings = CSharpSyntaxTree.ParseText(Surroundings, s_parsing);

    /// <summary>What is wrong with a program, warnings too; and which of its using directives it does without.</summary>
    public static (IReadOnlyList<string> Faults, IReadOnlyList<string> UnnecessaryUsings) Compile(Snippet snippet)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(snippet.ToSource(), s_parsing);
        var options = new CSharpCompilationOptions(snippet.IsProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable);
        Diagnostic[] found = [.. CSharpCompilation.Create("Snippet", [tree, s_surroundings], s_references.Value, options).GetDiagnostics().Where(diagnostic => diagnostic.Location.SourceTree != s_surroundings)];
        SyntaxNode root = tree.GetRoot(TestContext.Current.CancellationToken);
        return (
            [.. found.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && !s_allowed.Contains(diagnostic.Id)).Select(diagnostic => diagnostic.ToString())],
            [.. found.Where(diagnostic => diagnostic.Id == UnnecessaryUsing).SelectMany(diagnostic => root.DescendantNodes(diagnostic.Location.SourceSpan).OfType<UsingDirectiveSyntax>()).Select(directive => directive.ToString())]);
    }
}
