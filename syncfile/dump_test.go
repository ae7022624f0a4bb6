package syncfile
import ("testing";"os";"fmt";"pgregory.net/rapid";"strings";"time")
func TestDump(t *testing.T){ n:=0; os.MkdirAll("/tmp/yt/d",0o755)
 rapid.Check(t, func(t *rapid.T){ s:=drawSync(t); b,_:=Marshal(s); os.WriteFile(fmt.Sprintf("/tmp/yt/d/%04d.yaml",n),b,0o644); os.WriteFile(fmt.Sprintf("/tmp/yt/d/%04d.json",n),s.Canonical(),0o644); n++ })
 var b strings.Builder; b.WriteString(head+"map:\n"); for i:=range 2000 { fmt.Fprintf(&b,"  - {from: Column %d, to: field_%d, write: always}\n",i,i)}
 t0:=time.Now(); s,err:=Parse("x",[]byte(b.String())); fmt.Println(b.Len(),len(s),err,time.Since(t0))
 for _,x:=range []string{"- ","[","{a: ", "a: b: ", "&a ", "? ", "\"", "- [", "{", "a:\n "} { t0=time.Now(); _,err=Parse("x",[]byte(strings.Repeat(x,maxSize/len(x)))); e:=fmt.Sprint(err); fmt.Printf("%q %v %.80s\n",x,time.Since(t0),e)}
}
