module overhang.real/workqueue

go 1.19

require (
	k8s.io/client-go v0.18.0
	overhang.subjects/kit v0.0.0
)

require (
	golang.org/x/time v0.0.0-20190308202827-9d24e82272b4 // indirect
	k8s.io/apimachinery v0.18.0 // indirect
	k8s.io/klog v1.0.0 // indirect
)

replace overhang.subjects/kit => ../../../subjects/kit
